# Where traces and metrics go. X-Ray's OTLP endpoint takes spans only where Transaction Search is on:
# an account's setting, so one environment of an account makes it (transaction_search).

resource "aws_cloudwatch_log_group" "metrics" {
  # checkov:skip=CKV_AWS_338: thirty days, as all logs
  name              = "/metrics/${local.name}"
  retention_in_days = local.log_retention_days
  kms_key_id        = aws_kms_key.this["logs"].arn
}

resource "aws_cloudwatch_log_resource_policy" "spans" {
  count = var.transaction_search ? 1 : 0

  policy_name     = "${local.name}-transaction-search"
  policy_document = data.aws_iam_policy_document.spans.json
}

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Enable-TransactionSearch.html
data "aws_iam_policy_document" "spans" {
  statement {
    sid     = "XRayWritesSpans"
    actions = ["logs:PutLogEvents"]
    resources = [
      "arn:aws:logs:${var.region}:${local.account_id}:log-group:aws/spans:*",
      "arn:aws:logs:${var.region}:${local.account_id}:log-group:/aws/application-signals/data:*",
    ]

    principals {
      type        = "Service"
      identifiers = ["xray.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:xray:${var.region}:${local.account_id}:*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_xray_trace_segment_destination" "this" {
  count = var.transaction_search ? 1 : 0

  destination = "CloudWatchLogs"
  depends_on  = [aws_cloudwatch_log_resource_policy.spans]
}

# All spans can be searched; so many of a hundred are indexed as X-Ray's trace summaries. What is
# recorded at all is decided by the services (trace_ratio).
resource "aws_xray_indexing_rule" "this" {
  count = var.transaction_search ? 1 : 0

  name = "Default"

  rule {
    probabilistic {
      desired_sampling_percentage = 10
    }
  }

  depends_on = [aws_xray_trace_segment_destination.this]
}
