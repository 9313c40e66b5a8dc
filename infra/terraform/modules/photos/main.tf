# The bucket of photos, and its copy in another region if there is one.

locals {
  buckets = merge(
    { primary = { name = var.bucket_name, region = null, key_arn = var.key_arn } },
    { for replica in var.replica[*] : "replica" => { name = replica.bucket_name, region = replica.region, key_arn = replica.key_arn } },
  )
}

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18: access is in CloudTrail's data events where they are on (audit_photos)
  # checkov:skip=CKV_AWS_144: replication is an option (replica), as erasure does not reach a copy at once
  # checkov:skip=CKV2_AWS_62: nothing happens on an object's arrival: the record and the queues move photos on
  for_each = local.buckets

  bucket        = each.value.name
  region        = each.value.region
  force_destroy = var.force_destroy
}

# Deletions name versions, so that what a client deletes is gone at once, see shared/object_store.py.
resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  region = each.value.region

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  region = each.value.region

  rule {
    bucket_key_enabled = true # one call of KMS for many objects

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = each.value.key_arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  region                  = each.value.region
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  region = each.value.region

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  region = each.value.region
  policy = data.aws_iam_policy_document.tls_only[each.key].json

  # Both write the bucket's policy status; S3 refuses two at a time.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

data "aws_iam_policy_document" "tls_only" {
  for_each = local.buckets

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]

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

# A direct upload is a form that the browser posts from the page. Nothing else comes from a browser
# by script: pictures are shown by presigned addresses, which need no CORS.
resource "aws_s3_bucket_cors_configuration" "this" {
  bucket = aws_s3_bucket.this["primary"].id

  cors_rule {
    allowed_methods = ["POST"]
    allowed_origins = var.upload_origins
    allowed_headers = ["*"]
    max_age_seconds = 600
  }
}
