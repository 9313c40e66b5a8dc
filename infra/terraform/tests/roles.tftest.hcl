# What each service may do, action by action: whoever widens a role has to say so here. Policies are
# known after an apply only, so this is one, with everything around the roles made up.

variables {
  environment = "test"
  region      = "eu-west-1"
  production  = true
  domain = {
    name            = "captions.example.com"
    origin          = "origin.captions.example.com"
    certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/a"
  }
  cloudfront = { enabled = false }
  network    = { use_default_vpc = true, nat_gateways = 0 }
  image_digests = {
    gateway   = "sha256:0000000000000000000000000000000000000000000000000000000000000001"
    ui        = "sha256:0000000000000000000000000000000000000000000000000000000000000002"
    ingest    = "sha256:0000000000000000000000000000000000000000000000000000000000000003"
    captioner = "sha256:0000000000000000000000000000000000000000000000000000000000000004"
  }
  labels             = { enabled = true, moderation = true }
  bedrock            = { model = "anthropic.claude-haiku-5-5", region_prefix = "eu", regions = ["eu-west-1", "eu-north-1"] }
  huggingface        = { enabled = true }
  alarm_emails       = []
  transaction_search = false
  audit              = { enabled = false }
}

override_module {
  target = module.network
  outputs = {
    vpc_id            = "vpc-1"
    vpc_cidr          = "10.0.0.0/16"
    public_subnet_ids = ["subnet-1", "subnet-2"]
    placements = {
      inside  = { subnet_ids = ["subnet-in"], assign_public_ip = false }
      outside = { subnet_ids = ["subnet-out"], assign_public_ip = false }
    }
  }
}

override_module {
  target = module.load_balancer
  outputs = {
    arn               = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/a/1"
    metric_name       = "app/a/1"
    dns               = { name = "a.example.com", zone_id = "Z1" }
    security_group_id = "sg-1"
    target_group_arns = { gateway = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/g/1", ui = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/u/1" }
  }
}

override_module {
  target  = module.photos
  outputs = { bucket_name = "photos", arn = "arn:photos" }
}

override_resource {
  target = aws_dynamodb_table.records
  values = { arn = "arn:table" }
}

override_resource {
  target = aws_kms_key.this["data"]
  values = { arn = "arn:key" }
}

override_resource {
  target = aws_kms_key.this["secrets"]
  values = { arn = "arn:secrets-key" }
}

override_resource {
  target = aws_secretsmanager_secret.this
  values = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:one" }
}

override_resource {
  target = module.queue["ingest"].aws_sqs_queue.this
  values = { arn = "arn:ingest" }
}

override_resource {
  target = module.queue["ingest"].aws_sqs_queue.dead_letters
  values = { arn = "arn:ingest-dlq" }
}

override_resource {
  target = module.queue["caption"].aws_sqs_queue.this
  values = { arn = "arn:caption" }
}

override_resource {
  target = module.queue["caption"].aws_sqs_queue.dead_letters
  values = { arn = "arn:caption-dlq" }
}

run "roles" {
  command = apply

  assert {
    error_message = "gateway"
    condition = { for each in jsondecode(output.task_policies["gateway"]).Statement : each.Action => each.Resource } == {
      "cloudwatch:GetMetricData"    = "*"
      "dynamodb:BatchGetItem"       = "arn:table"
      "dynamodb:DeleteItem"         = "arn:table"
      "dynamodb:GetItem"            = "arn:table"
      "dynamodb:PutItem"            = "arn:table"
      "dynamodb:Query"              = "arn:table"
      "dynamodb:UpdateItem"         = "arn:table"
      "kms:Decrypt"                 = "arn:key"
      "kms:GenerateDataKey"         = "arn:key"
      "s3:DeleteObjectVersion"      = ["arn:photos/images/*", "arn:photos/incoming/*"]
      "s3:GetObject"                = ["arn:photos/images/*", "arn:photos/incoming/*"]
      "s3:ListBucket"               = "arn:photos"
      "s3:ListBucketVersions"       = "arn:photos"
      "s3:PutObject"                = "arn:photos/incoming/*"
      "sqs:ChangeMessageVisibility" = ["arn:caption-dlq", "arn:ingest-dlq"]
      "sqs:DeleteMessage"           = ["arn:caption-dlq", "arn:ingest-dlq"]
      "sqs:GetQueueAttributes"      = ["arn:caption", "arn:caption-dlq", "arn:ingest", "arn:ingest-dlq"]
      "sqs:ListMessageMoveTasks"    = ["arn:caption-dlq", "arn:ingest-dlq"]
      "sqs:PurgeQueue"              = ["arn:caption", "arn:caption-dlq", "arn:ingest", "arn:ingest-dlq"]
      "sqs:ReceiveMessage"          = ["arn:caption-dlq", "arn:ingest-dlq"]
      "sqs:SendMessage"             = ["arn:caption", "arn:ingest"]
      "sqs:StartMessageMoveTask"    = ["arn:caption-dlq", "arn:ingest-dlq"]
    }
  }

  assert {
    error_message = "sweeper"
    condition = { for each in jsondecode(output.task_policies["sweeper"]).Statement : each.Action => each.Resource } == {
      "cloudwatch:GetMetricData" = "*"
      "dynamodb:BatchGetItem"    = "arn:table"
      "dynamodb:DeleteItem"      = "arn:table"
      "dynamodb:GetItem"         = "arn:table"
      "dynamodb:Query"           = ["arn:table", "arn:table/index/active"]
      "dynamodb:UpdateItem"      = "arn:table"
      "kms:Decrypt"              = "arn:key"
      "s3:DeleteObjectVersion"   = ["arn:photos/images/*", "arn:photos/incoming/*"]
      "s3:GetObject"             = ["arn:photos/images/*", "arn:photos/incoming/*"]
      "s3:ListBucket"            = "arn:photos"
      "s3:ListBucketVersions"    = "arn:photos"
      "sqs:GetQueueAttributes"   = ["arn:caption", "arn:caption-dlq", "arn:ingest", "arn:ingest-dlq"]
      "sqs:SendMessage"          = ["arn:caption", "arn:ingest"]
    }
  }

  assert {
    error_message = "reconciler"
    condition = { for each in jsondecode(output.task_policies["reconciler"]).Statement : each.Action => each.Resource } == {
      "dynamodb:BatchGetItem" = "arn:table"
      "dynamodb:GetItem"      = "arn:table"
      "dynamodb:Query"        = "arn:table"
      "kms:Decrypt"           = "arn:key"
      "s3:GetObject"          = "arn:photos/images/*"
      "s3:ListBucket"         = "arn:photos"
      "s3:ListBucketVersions" = "arn:photos"
    }
  }

  assert {
    error_message = "ingest"
    condition = { for each in jsondecode(output.task_policies["ingest"]).Statement : each.Action => each.Resource } == {
      "dynamodb:BatchGetItem"              = "arn:table"
      "dynamodb:DeleteItem"                = "arn:table"
      "dynamodb:GetItem"                   = "arn:table"
      "dynamodb:UpdateItem"                = "arn:table"
      "kms:Decrypt"                        = "arn:key"
      "kms:GenerateDataKey"                = "arn:key"
      "rekognition:DetectLabels"           = "*"
      "rekognition:DetectModerationLabels" = "*"
      "s3:DeleteObjectVersion"             = ["arn:photos/images/*", "arn:photos/incoming/*"]
      "s3:GetObject"                       = "arn:photos/incoming/*"
      "s3:GetObjectVersion"                = "arn:photos/incoming/*"
      "s3:ListBucket"                      = "arn:photos"
      "s3:ListBucketVersions"              = "arn:photos"
      "s3:PutObject"                       = "arn:photos/images/*"
      "sqs:ChangeMessageVisibility"        = "arn:ingest"
      "sqs:DeleteMessage"                  = "arn:ingest"
      "sqs:ReceiveMessage"                 = "arn:ingest"
      "sqs:SendMessage"                    = ["arn:caption", "arn:ingest-dlq"]
    }
  }

  assert {
    error_message = "captioner"
    condition = { for each in jsondecode(output.task_policies["captioner"]).Statement : each.Action => each.Resource } == {
      "bedrock:InvokeModel" = [
        "arn:aws:bedrock:eu-north-1::foundation-model/anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-haiku-5-5",
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-haiku-5-5",
      ]
      "dynamodb:BatchGetItem"         = "arn:table"
      "dynamodb:ConditionCheckItem"   = "arn:table"
      "dynamodb:DeleteItem"           = "arn:table"
      "dynamodb:GetItem"              = "arn:table"
      "dynamodb:PutItem"              = "arn:table"
      "dynamodb:Query"                = "arn:table"
      "dynamodb:UpdateItem"           = "arn:table"
      "kms:Decrypt"                   = ["arn:key", "arn:secrets-key"]
      "s3:DeleteObjectVersion"        = ["arn:photos/images/*", "arn:photos/incoming/*"]
      "s3:GetObject"                  = "arn:photos/images/*"
      "s3:ListBucket"                 = "arn:photos"
      "s3:ListBucketVersions"         = "arn:photos"
      "secretsmanager:GetSecretValue" = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:one"
      "sqs:ChangeMessageVisibility"   = "arn:caption"
      "sqs:DeleteMessage"             = "arn:caption"
      "sqs:ReceiveMessage"            = "arn:caption"
      "sqs:SendMessage"               = "arn:caption-dlq"
    }
  }

  assert {
    error_message = "Messages die after twenty receives, into the queue of their own."
    condition = alltrue([
      for name, queue in module.queue :
      queue.redrive == { deadLetterTargetArn = "arn:${name}-dlq", maxReceiveCount = 20 }
    ])
  }

  assert {
    error_message = "The page has nothing to do with AWS."
    condition     = jsondecode(output.task_policies["ui"]).Statement == []
  }

  assert {
    error_message = "Listings of versions are bounded by their prefix."
    condition = alltrue([
      for service in ["gateway", "sweeper", "ingest", "captioner", "reconciler"] : alltrue([
        for each in jsondecode(output.task_policies[service]).Statement :
        each.Condition.StringLike["s3:prefix"] == ["images/*", "incoming/*"] if each.Action == "s3:ListBucketVersions"
      ])
    ])
  }

  assert {
    error_message = "Containers: read-only, without capabilities, with two minutes to stop and a region that botocore reads."
    condition = alltrue([
      for service in module.service : alltrue([
        service.containers[0].readonlyRootFilesystem,
        service.containers[0].linuxParameters.capabilities.drop == ["ALL"],
        service.containers[0].stopTimeout == 120,
        contains(service.containers[0].environment, { name = "AWS_DEFAULT_REGION", value = "eu-west-1" }),
        can(regex("@sha256:", service.containers[0].image)),
      ])
    ])
  }

  assert {
    error_message = "Each service that goes on for ever is asked every ten seconds whether it is well."
    condition = alltrue([
      for name, service in module.service :
      [service.containers[0].healthCheck.interval, service.containers[0].healthCheck.timeout, service.containers[0].healthCheck.retries] == [10, 5, 3]
      if name != "reconciler"
    ])
  }

  assert {
    error_message = "Nothing secret in a task definition: secrets come by reference."
    condition = alltrue([
      for service in module.service : alltrue([
        for variable in service.containers[0].environment : !can(regex("SIGNING_KEY|HASH_KEY|COOKIE|CLIENT_SECRET|TOKEN$", variable.name))
      ])
    ])
  }
}
