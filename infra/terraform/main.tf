# Names, keys and the network: what everything else stands on.

locals {
  name       = "${var.project}-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  public_url = "https://${var.domain.name}"

  log_retention_days = 30
  # One namespace for what the services measure: files/collector.yaml.tftpl, alarms, dashboard.
  metrics_namespace = local.name
}

data "aws_caller_identity" "current" {}

module "network" {
  source = "./modules/network"

  name            = local.name
  region          = var.region
  account_id      = local.account_id
  use_default_vpc = var.network.use_default_vpc
  cidr            = var.network.cidr
  zones           = var.network.zones
  nat_gateways    = var.network.nat_gateways
  logs_key_arn    = aws_kms_key.this["logs"].arn

  endpoint_services = concat(
    ["sqs", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "monitoring", "xray"],
    var.bedrock.model == "" ? [] : ["bedrock-runtime"],
    var.sagemaker == null ? [] : ["sagemaker.runtime"],
    var.labels.enabled ? ["rekognition"] : [],
  )
}

module "queue" {
  source   = "./modules/queue"
  for_each = toset(["ingest", "caption"])

  name = "${local.name}-${each.key}"
}

module "photos" {
  source = "./modules/photos"

  bucket_name         = "${local.name}-photos-${local.account_id}"
  key_arn             = aws_kms_key.this["data"].arn
  upload_origins      = [local.public_url]
  retention_days      = var.retention_days
  archive             = var.archive
  intelligent_tiering = var.intelligent_tiering
  force_destroy       = !var.production

  replica = var.replica_region == null ? null : {
    bucket_name = "${local.name}-photos-replica-${local.account_id}"
    region      = var.replica_region
    key_arn     = aws_kms_key.replica[0].arn
  }
}

module "sign_in" {
  source = "./modules/sign_in"

  name             = local.name
  region           = var.region
  page_url         = local.public_url
  mfa              = var.sign_in.mfa
  sign_up          = var.sign_in.sign_up
  social_providers = var.sign_in.social
  protect          = var.production
}

# Attributes and index as infra/local/provision.py makes them.
resource "aws_dynamodb_table" "records" {
  name                        = "${local.name}-records"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "PK"
  range_key                   = "SK"
  deletion_protection_enabled = var.production

  dynamic "attribute" {
    for_each = { PK = "S", SK = "S", active_shard = "S", check_at = "N" }

    content {
      name = attribute.key
      type = attribute.value
    }
  }

  # Whoever reads the index reads the item too before acting on it: keys are enough.
  global_secondary_index {
    name            = "active"
    projection_type = "KEYS_ONLY"

    key_schema {
      attribute_name = "active_shard"
      key_type       = "HASH"
    }

    key_schema {
      attribute_name = "check_at"
      key_type       = "RANGE"
    }
  }

  ttl {
    enabled        = true
    attribute_name = "ttl"
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = var.recovery_days
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this["data"].arn
  }
}

resource "aws_ecr_repository" "this" {
  for_each = toset(["gateway", "ui", "ingest", "captioner", "collector"])

  name                 = "${local.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.production

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.this["data"].arn
  }
}

# Enough to go back to; what runs is named by its digest in a task definition, not protected by a tag.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each   = aws_ecr_repository.this
  repository = each.value.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      # An image with its SBOM and provenance is three entries.
      description = "the last thirty images"
      selection   = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 90 }
      action      = { type = "expire" }
    }]
  })
}
