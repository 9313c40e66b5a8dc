# Refused connections only: what is allowed is in the load balancer's log and in the traces.

resource "aws_flow_log" "refused" {
  count = local.own

  vpc_id               = aws_vpc.this[0].id
  traffic_type         = "REJECT"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.refused[0].arn
  iam_role_arn         = aws_iam_role.flow_log[0].arn
}

resource "aws_cloudwatch_log_group" "refused" {
  # checkov:skip=CKV_AWS_338: thirty days everywhere: logs name people's addresses
  count = local.own

  name              = "/vpc/${var.name}/refused"
  retention_in_days = 30
  kms_key_id        = var.logs_key_arn
}

resource "aws_iam_role" "flow_log" {
  count = local.own

  name               = "${var.name}-flow-log"
  assume_role_policy = data.aws_iam_policy_document.flow_log_assumed.json
}

resource "aws_iam_role_policy" "flow_log" {
  count = local.own

  name   = "write"
  role   = aws_iam_role.flow_log[0].id
  policy = data.aws_iam_policy_document.flow_log[0].json
}

data "aws_iam_policy_document" "flow_log_assumed" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "flow_log" {
  count = local.own

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.refused[0].arn}:*"]
  }
}
