# How long objects live: the same rules as infra/local/provision.py (`lifecycle_rules`), and one for
# delete markers that hide nothing. tests/terraform compares the two.

locals {
  # DynamoDB's clean-up is late by up to two days; the objects must not outlive the records.
  expire_after = max(1, var.retention_days - 2)
  # S3 refuses an expiration that does not come after the transition.
  archives = !var.intelligent_tiering && local.expire_after > var.archive.after_days
  megabyte = 1024 * 1024
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  region = each.value.region

  rule {
    id     = "incoming"
    status = "Enabled"

    filter {
      prefix = "incoming/"
    }

    expiration {
      days = 1
    }
  }

  rule {
    id     = "images"
    status = "Enabled"

    filter {
      prefix = "images/"
    }

    expiration {
      days = local.expire_after
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

  # An expiration leaves a marker for each object; the emulators know no such rule.
  rule {
    id     = "markers"
    status = "Enabled"

    filter {
      prefix = ""
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  dynamic "rule" {
    for_each = local.archives ? [var.archive] : []

    content {
      id     = "archive"
      status = "Enabled"

      filter {
        and {
          prefix = "images/"
          # Classes for infrequent access bill 128 KiB at least and each move: thumbnails stay.
          object_size_greater_than = local.megabyte
        }
      }

      transition {
        days          = rule.value.after_days
        storage_class = rule.value.storage_class
      }
    }
  }

  dynamic "rule" {
    for_each = var.intelligent_tiering ? ["INTELLIGENT_TIERING"] : []

    content {
      id     = "tiering"
      status = "Enabled"

      filter {
        and {
          prefix                   = "images/"
          object_size_greater_than = local.megabyte
        }
      }

      transition {
        days          = 1
        storage_class = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}
