# The bucket of access logs and of the audit trail, and the trail.

locals {
  trail_arn = "arn:aws:cloudtrail:${var.region}:${local.account_id}:trail/${local.name}"
}

resource "aws_s3_bucket" "logs" {
  # checkov:skip=CKV_AWS_18: a log of the log's readers would need a log of its own; CloudTrail sees them
  # checkov:skip=CKV_AWS_144: logs are not replicated
  # checkov:skip=CKV_AWS_145: the load balancer can write to SSE-S3 only; the trail is encrypted by its own key
  # checkov:skip=CKV2_AWS_62: nothing happens on an object's arrival
  bucket        = "${local.name}-logs-${local.account_id}"
  force_destroy = !var.production
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  dynamic "rule" {
    for_each = { load-balancer = var.audit.log_access, trail = var.audit.kept_days }

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = "${rule.key}/"
      }

      expiration {
        days = rule.value
      }
    }
  }

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id
  policy = data.aws_iam_policy_document.logs.json

  depends_on = [aws_s3_bucket_public_access_block.logs]
}

data "aws_iam_policy_document" "logs" {
  statement {
    sid       = "LoadBalancerWrites"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.logs.arn}/load-balancer/AWSLogs/${local.account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["logdelivery.elasticloadbalancing.amazonaws.com"]
    }
  }

  dynamic "statement" {
    for_each = {
      "s3:GetBucketAcl" = aws_s3_bucket.logs.arn
      "s3:PutObject"    = "${aws_s3_bucket.logs.arn}/trail/AWSLogs/${local.account_id}/*"
    }

    content {
      actions   = [statement.key]
      resources = [statement.value]

      principals {
        type        = "Service"
        identifiers = ["cloudtrail.amazonaws.com"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceArn"
        values   = [local.trail_arn]
      }
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_cloudtrail" "this" {
  # checkov:skip=CKV_AWS_252: nobody reads mails about log files; alarms go to the topic
  # checkov:skip=CKV2_AWS_10: kept in S3 for a year; CloudWatch would be paid twice for the same lines
  count = var.audit.enabled ? 1 : 0

  name                          = local.name
  s3_bucket_name                = aws_s3_bucket.logs.bucket
  s3_key_prefix                 = "trail"
  kms_key_id                    = aws_kms_key.this["logs"].arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true

  event_selector {
    read_write_type           = "All"
    include_management_events = true

    dynamic "data_resource" {
      for_each = var.audit.photos ? ["${module.photos.arn}/"] : []

      content {
        type   = "AWS::S3::Object"
        values = [data_resource.value]
      }
    }
  }

  depends_on = [aws_s3_bucket_policy.logs]
}
