# AWS's services without the internet. The two gateway endpoints are free; each interface endpoint
# is paid by zone and hour, so the default VPC has none.

resource "aws_vpc_endpoint" "gateway" {
  for_each = var.use_default_vpc ? [] : toset(["s3", "dynamodb"])

  vpc_id            = aws_vpc.this[0].id
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.this : table.id]
  policy            = data.aws_iam_policy_document.endpoint[each.key].json

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.use_default_vpc ? [] : var.endpoint_services

  vpc_id              = aws_vpc.this[0].id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.ids.isolated
  security_group_ids  = aws_security_group.endpoints[*].id
  policy              = data.aws_iam_policy_document.endpoint["any"].json

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_security_group" "endpoints" {
  count = local.own

  name        = "${var.name}-endpoints"
  description = "AWS's services, for whatever is in the VPC"
  vpc_id      = aws_vpc.this[0].id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = local.own

  security_group_id = aws_security_group.endpoints[0].id
  description       = "HTTPS from the VPC"
  cidr_ipv4         = var.cidr
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

# A fence and no grant: what a role may do is said by the role. It keeps a stolen key of another
# account from carrying data out through our endpoints.
data "aws_iam_policy_document" "endpoint" {
  # checkov:skip=CKV_AWS_1: a fence around all principals of the account; roles grant
  # checkov:skip=CKV_AWS_49: as the line above says
  for_each = toset(["s3", "dynamodb", "any"])

  statement {
    sid       = "OwnAccountOnly"
    actions   = ["*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [var.account_id]
    }

    dynamic "condition" {
      # Data stay at home. Not for interface endpoints: a model of Bedrock is nobody's resource.
      for_each = each.key == "any" ? [] : [var.account_id]

      content {
        test     = "StringEquals"
        variable = "aws:ResourceAccount"
        values   = [condition.value]
      }
    }
  }

  dynamic "statement" {
    # Layers of our images lie in a bucket of ECR's own, and are fetched with its signature.
    for_each = each.key == "s3" ? ["arn:aws:s3:::prod-${var.region}-starport-layer-bucket/*"] : []

    content {
      sid       = "LayersOfImages"
      actions   = ["s3:GetObject"]
      resources = [statement.value]

      principals {
        type        = "AWS"
        identifiers = ["*"]
      }
    }
  }
}
