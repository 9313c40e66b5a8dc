# KMS keys by what they guard, and the secrets. Terraform makes secrets empty: their values come
# from fill_secrets.py and are in no variable, state, plan or task definition.

locals {
  keys = {
    data    = "photos, records and images of containers"
    secrets = "Secrets Manager"
    logs    = "logs, alarms and the audit trail"
  }
}

resource "aws_kms_key" "this" {
  for_each = local.keys

  description             = "${local.name}: ${each.value}"
  enable_key_rotation     = true
  deletion_window_in_days = var.production ? 30 : 7
  policy                  = data.aws_iam_policy_document.key[each.key].json
}

resource "aws_kms_alias" "this" {
  for_each = local.keys

  name          = "alias/${local.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}

resource "aws_kms_key" "replica" {
  count = var.replica_region == null ? 0 : 1

  region                  = var.replica_region
  description             = "${local.name}: copies of photos"
  enable_key_rotation     = true
  deletion_window_in_days = var.production ? 30 : 7
  policy                  = data.aws_iam_policy_document.key["data"].json
}

locals {
  # Services of AWS that use a key by themselves, and for whom.
  key_users = {
    data    = {}
    secrets = {}
    logs = {
      "logs.${var.region}.amazonaws.com" = { actions = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey"], test = "ArnLike", variable = "kms:EncryptionContext:aws:logs:arn", value = "arn:aws:logs:${var.region}:${local.account_id}:log-group:*" }
      "cloudwatch.amazonaws.com"         = { actions = ["kms:Decrypt", "kms:GenerateDataKey"], test = "StringEquals", variable = "aws:SourceAccount", value = local.account_id }
      "cloudtrail.amazonaws.com"         = { actions = ["kms:DescribeKey", "kms:GenerateDataKey"], test = "StringEquals", variable = "aws:SourceArn", value = local.trail_arn }
    }
  }
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=CKV_AWS_109: without the account's own statement nobody could ever change the key again
  # checkov:skip=CKV_AWS_111: as the line above says
  # checkov:skip=CKV_AWS_356: in a key's policy "*" is the key itself
  for_each = local.keys

  statement {
    sid       = "TheAccountGrantsByIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${local.account_id}:root"]
    }
  }

  dynamic "statement" {
    for_each = local.key_users[each.key]

    content {
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.key]
      }

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = [statement.value.value]
      }
    }
  }
}

resource "aws_secretsmanager_secret" "this" {
  # checkov:skip=CKV2_AWS_57: by hand (README): the hash key must never change, the others end sessions or cursors
  for_each = merge(
    {
      shared  = "user_hash_key: HMAC of user ids in what outlives a user's data; never changed"
      gateway = "signing_key: HMAC of cursors"
      ui      = "cookie_secret of sessions; client_secret of the page's Cognito client"
    },
    var.huggingface.enabled ? { huggingface = "the token, as it is" } : {},
  )

  name                    = "${local.name}/${each.key}"
  description             = each.value
  kms_key_id              = aws_kms_key.this["secrets"].arn
  recovery_window_in_days = var.production ? 30 : 7
}

# The header that CloudFront proves itself with. It has to be in the state, since CloudFront and the
# load balancer are told by Terraform; the state is encrypted, and nobody types or reads the value.
resource "terraform_data" "origin_key" {
  for_each = { a = var.origin_key.a, b = var.origin_key.b }

  input            = sensitive(uuid())
  triggers_replace = each.value

  lifecycle {
    ignore_changes = [input]
  }
}
