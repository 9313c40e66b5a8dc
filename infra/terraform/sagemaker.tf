# The second provider, as an option: infra/sagemaker in a container of AWS's, serverless or on an
# instance. The captioner can't tell them apart.

resource "aws_sagemaker_model" "this" {
  # checkov:skip=CKV_AWS_370: it has to install code/requirements.txt when it starts
  count = length(var.sagemaker[*])

  name               = "${local.name}-captions"
  execution_role_arn = aws_iam_role.sagemaker[0].arn

  primary_container {
    image          = var.sagemaker.image_uri
    model_data_url = var.sagemaker.model_data_url
  }
}

resource "aws_sagemaker_endpoint_configuration" "this" {
  count = length(var.sagemaker[*])

  name_prefix = "${local.name}-" # a change is a new one, and the endpoint moves over without a gap
  # A serverless endpoint has no volume of its own to encrypt, and AWS refuses a key for it.
  kms_key_arn = var.sagemaker.instance_type == null ? null : aws_kms_key.this["data"].arn

  production_variants {
    variant_name           = "all"
    model_name             = aws_sagemaker_model.this[0].name
    instance_type          = var.sagemaker.instance_type
    initial_instance_count = var.sagemaker.instance_type == null ? null : var.sagemaker.instance_count

    dynamic "serverless_config" {
      for_each = var.sagemaker.instance_type == null ? [var.sagemaker] : []

      content {
        memory_size_in_mb = serverless_config.value.memory_mb
        max_concurrency   = serverless_config.value.max_concurrency
      }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_sagemaker_endpoint" "this" {
  count = length(var.sagemaker[*])

  name                 = "${local.name}-captions"
  endpoint_config_name = aws_sagemaker_endpoint_configuration.this[0].name
}

resource "aws_iam_role" "sagemaker" {
  count = length(var.sagemaker[*])

  name               = "${local.name}-sagemaker"
  assume_role_policy = data.aws_iam_policy_document.sagemaker_assumed.json
}

resource "aws_iam_role_policy" "sagemaker" {
  count = length(var.sagemaker[*])

  name   = "serve"
  role   = aws_iam_role.sagemaker[0].id
  policy = data.aws_iam_policy_document.sagemaker[0].json
}

data "aws_iam_policy_document" "sagemaker_assumed" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

data "aws_iam_policy_document" "sagemaker" {
  count = length(var.sagemaker[*])

  statement {
    actions   = ["s3:GetObject"]
    resources = [var.sagemaker.model_data_arn]
  }

  statement {
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the token is the account's
  }

  statement {
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.sagemaker.image_arn]
  }

  statement {
    actions   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:aws:logs:${var.region}:${local.account_id}:log-group:/aws/sagemaker/Endpoints/${local.name}-captions:*"]
  }

  statement {
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # bounded by the namespace

    condition {
      test     = "StringLike"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/*"]
    }
  }
}
