# images/ only: what is under incoming/ lives for minutes.

resource "aws_s3_bucket_replication_configuration" "this" {
  count = length(var.replica[*])

  bucket = aws_s3_bucket.this["primary"].id
  role   = aws_iam_role.replication[0].arn

  rule {
    id       = "images"
    status   = "Enabled"
    priority = 1

    filter {
      prefix = "images/"
    }

    delete_marker_replication {
      status = "Enabled" # what the lifecycle hides here is hidden there too
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = aws_s3_bucket.this["replica"].arn
      storage_class = "STANDARD_IA"

      encryption_configuration {
        replica_kms_key_id = var.replica.key_arn
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_iam_role" "replication" {
  count = length(var.replica[*])

  name               = "${var.bucket_name}-replication"
  assume_role_policy = data.aws_iam_policy_document.replication_assumed.json
}

resource "aws_iam_role_policy" "replication" {
  count = length(var.replica[*])

  name   = "replicate"
  role   = aws_iam_role.replication[0].id
  policy = data.aws_iam_policy_document.replication[0].json
}

data "aws_iam_policy_document" "replication_assumed" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
  }
}

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
data "aws_iam_policy_document" "replication" {
  count = length(var.replica[*])

  statement {
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
    resources = [aws_s3_bucket.this["primary"].arn]
  }

  statement {
    actions = [
      "s3:GetObjectVersionAcl",
      "s3:GetObjectVersionForReplication",
      "s3:GetObjectVersionTagging",
    ]
    resources = ["${aws_s3_bucket.this["primary"].arn}/images/*"]
  }

  statement {
    actions   = ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"]
    resources = ["${aws_s3_bucket.this["replica"].arn}/images/*"]
  }

  statement {
    actions   = ["kms:Decrypt"]
    resources = [var.key_arn]
  }

  statement {
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.replica.key_arn]
  }
}
