# Two roles: ECS's own to start the task, and the one that our code runs under.

data "aws_iam_policy_document" "assumed" {
  for_each = toset(["ecs-tasks", "scheduler"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }

    # Without it AWS could be talked into using the role for another account's task.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-task"
  assume_role_policy = data.aws_iam_policy_document.assumed["ecs-tasks"].json
}

resource "aws_iam_role_policy" "task" {
  # A task without permissions has a role all the same, so that it gets no other.
  count = length(local.permissions) == 0 ? 0 : 1

  name   = "task"
  role   = aws_iam_role.task.id
  policy = data.aws_iam_policy_document.task.json
}

locals {
  # The collector shares the task's role, as ECS knows no role of a container.
  collector_permissions = var.collector == null ? {} : var.collector.permissions
  permissions           = merge(var.definition.permissions, local.collector_permissions)
}

data "aws_iam_policy_document" "task" {
  dynamic "statement" {
    for_each = local.permissions

    content {
      actions   = [statement.key]
      resources = statement.value

      dynamic "condition" {
        for_each = contains(keys(var.definition.conditions), statement.key) ? [var.definition.conditions[statement.key]] : []

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-execution"
  assume_role_policy = data.aws_iam_policy_document.assumed["ecs-tasks"].json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "execution" {
  statement {
    sid       = "SignInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # the token is the account's: AWS knows no narrower resource
  }

  statement {
    sid     = "PullImages"
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = distinct(concat(
      [var.image.repository_arn], var.collector == null ? [] : [var.collector.repository_arn]
    ))
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = length(var.definition.secrets) == 0 ? [] : [
      { action = "secretsmanager:GetSecretValue", resources = local.secret_arns },
      { action = "kms:Decrypt", resources = [var.secrets_key_arn] },
    ]

    content {
      actions   = [statement.value.action]
      resources = statement.value.resources
    }
  }
}

resource "aws_iam_role" "scheduler" {
  count = local.is_service ? 0 : 1

  name               = "${var.name}-scheduler"
  assume_role_policy = data.aws_iam_policy_document.assumed["scheduler"].json
}

resource "aws_iam_role_policy" "scheduler" {
  count = local.is_service ? 0 : 1

  name   = "run"
  role   = aws_iam_role.scheduler[0].id
  policy = data.aws_iam_policy_document.scheduler[0].json
}

data "aws_iam_policy_document" "scheduler" {
  count = local.is_service ? 0 : 1

  statement {
    actions   = ["ecs:RunTask"]
    resources = ["${aws_ecs_task_definition.this.arn_without_revision}:*"] # of this family, the newest

    condition {
      test     = "ArnEquals"
      variable = "ecs:cluster"
      values   = [var.cluster.arn]
    }
  }

  statement {
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.task.arn, aws_iam_role.execution.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["ecs-tasks.amazonaws.com"]
    }
  }
}
