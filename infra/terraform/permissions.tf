# What each service may do: action to resources, by the calls that its code makes. Where the only
# resource is "*", AWS knows no narrower one for that action.

locals {
  table  = aws_dynamodb_table.records.arn
  active = "${aws_dynamodb_table.records.arn}/index/active"

  incoming = "${module.photos.arn}/incoming/*"
  images   = "${module.photos.arn}/images/*"

  queues       = { for name, queue in module.queue : name => queue.arn }
  dead_letters = { for name, queue in module.queue : name => queue.dead_letters.arn }

  # Whoever reads the table needs its key, and whoever reads objects theirs: the same one.
  decrypt = { "kms:Decrypt" = [aws_kms_key.this["data"].arn] }
  encrypt = { "kms:GenerateDataKey" = [aws_kms_key.this["data"].arn] }

  # Without s3:ListBucket, S3 answers 403 and not 404 for what is not there, and a deleted photo
  # would look like a fault. A condition on the prefix would take that away again.
  exists = { "s3:ListBucket" = [module.photos.arn] }
  # Purges, shared/purging.py: workers too remove what they wrote for a photo that is gone.
  purge = {
    "s3:ListBucketVersions"  = [module.photos.arn]
    "s3:DeleteObjectVersion" = [local.incoming, local.images]
  }

  # By the service or process that has them; merged with the rest in services.tf.
  permissions = {
    gateway = merge(local.exists, local.purge, local.decrypt, local.encrypt, {
      "s3:PutObject" = [local.incoming] # forms for direct uploads too
      "s3:GetObject" = [local.incoming, local.images]

      "dynamodb:BatchGetItem" = [local.table]
      "dynamodb:DeleteItem"   = [local.table]
      "dynamodb:GetItem"      = [local.table]
      "dynamodb:PutItem"      = [local.table]
      "dynamodb:Query"        = [local.table]
      "dynamodb:UpdateItem"   = [local.table]

      # Operators see, empty and redrive queues; a redrive by SQS itself asks for all of these.
      "sqs:SendMessage"             = values(local.queues)
      "sqs:GetQueueAttributes"      = concat(values(local.queues), values(local.dead_letters))
      "sqs:PurgeQueue"              = concat(values(local.queues), values(local.dead_letters))
      "sqs:ReceiveMessage"          = values(local.dead_letters)
      "sqs:ChangeMessageVisibility" = values(local.dead_letters)
      "sqs:DeleteMessage"           = values(local.dead_letters)
      "sqs:StartMessageMoveTask"    = values(local.dead_letters)
      "sqs:ListMessageMoveTasks"    = values(local.dead_letters)
      "cloudwatch:GetMetricData"    = ["*"] # ages of oldest messages; no narrower resource
    })

    sweeper = merge(local.exists, local.purge, local.decrypt, {
      "s3:GetObject" = [local.incoming, local.images] # asked for by HEAD only

      "dynamodb:BatchGetItem" = [local.table]
      "dynamodb:DeleteItem"   = [local.table]
      "dynamodb:GetItem"      = [local.table]
      "dynamodb:Query"        = [local.table, local.active]
      "dynamodb:UpdateItem"   = [local.table]

      "sqs:SendMessage"          = values(local.queues)
      "sqs:GetQueueAttributes"   = concat(values(local.queues), values(local.dead_letters))
      "cloudwatch:GetMetricData" = ["*"] # the history of queues; no narrower resource
    })

    # Compares and reports; mending is the sweeper's, by setting.
    reconciler = merge(local.exists, local.decrypt, {
      "s3:GetObject"          = [local.images]
      "s3:ListBucketVersions" = [module.photos.arn]

      "dynamodb:BatchGetItem" = [local.table]
      "dynamodb:GetItem"      = [local.table]
      "dynamodb:Query"        = [local.table]
    })

    # Parses hostile bytes: the least of all, and no way out of the network.
    ingest = merge(local.exists, local.purge, local.decrypt, local.encrypt, {
      "s3:GetObject"        = [local.incoming]
      "s3:GetObjectVersion" = [local.incoming] # the version that was uploaded, whatever came later
      "s3:PutObject"        = [local.images]

      "dynamodb:BatchGetItem" = [local.table]
      "dynamodb:DeleteItem"   = [local.table]
      "dynamodb:GetItem"      = [local.table]
      "dynamodb:UpdateItem"   = [local.table]
      },
      module.queue["ingest"].consume_permissions,
      { "sqs:SendMessage" = [local.queues["caption"], local.dead_letters["ingest"]] },
      # Rekognition's detection has no resource.
      !var.labels.enabled ? {} : { "rekognition:DetectLabels" = ["*"] },
      !(var.labels.enabled && var.labels.moderation) ? {} : { "rekognition:DetectModerationLabels" = ["*"] },
    )

    captioner = merge(local.exists, local.purge, local.decrypt, {
      "s3:GetObject" = [local.images]

      "dynamodb:BatchGetItem"       = [local.table]
      "dynamodb:ConditionCheckItem" = [local.table] # of the transaction that fills the cache
      "dynamodb:DeleteItem"         = [local.table]
      "dynamodb:GetItem"            = [local.table]
      "dynamodb:PutItem"            = [local.table]
      "dynamodb:Query"              = [local.table]
      "dynamodb:UpdateItem"         = [local.table]
      },
      module.queue["caption"].consume_permissions,
      var.bedrock.model == "" ? {} : { "bedrock:InvokeModel" = local.bedrock_arns },
      var.sagemaker == null ? {} : { "sagemaker:InvokeEndpoint" = aws_sagemaker_endpoint.this[*].arn },
      !var.huggingface.enabled ? {} : {
        "secretsmanager:GetSecretValue" = [aws_secretsmanager_secret.this["huggingface"].arn]
        "kms:Decrypt"                   = [aws_kms_key.this["data"].arn, aws_kms_key.this["secrets"].arn]
      },
    )

    ui = {} # it knows nothing but the gateway
  }

  # A listing shows keys: of photos and uploads only, whatever else may come to lie in the bucket.
  conditions = {
    "s3:ListBucketVersions" = { test = "StringLike", variable = "s3:prefix", values = ["images/*", "incoming/*"] }
  }

  # With a profile, Bedrock asks for the profile and for the model in each region that it routes to.
  bedrock_profile = "arn:aws:bedrock:${var.region}:${local.account_id}:inference-profile/${var.bedrock.region_prefix}.${var.bedrock.model}"
  bedrock_regions = var.bedrock.region_prefix == "" ? [var.region] : var.bedrock.regions
  bedrock_arns = concat(
    var.bedrock.region_prefix == "" ? [] : [local.bedrock_profile],
    [for region in local.bedrock_regions : "arn:aws:bedrock:${region}::foundation-model/${var.bedrock.model}"],
  )

  collector_permissions = {
    # Spans to X-Ray's OTLP endpoint; X-Ray has no resources.
    "xray:PutTraceSegments"   = ["*"]
    "logs:CreateLogStream"    = ["${aws_cloudwatch_log_group.metrics.arn}:*"]
    "logs:PutLogEvents"       = ["${aws_cloudwatch_log_group.metrics.arn}:*"]
    "logs:DescribeLogStreams" = ["${aws_cloudwatch_log_group.metrics.arn}:*"]
  }
}
