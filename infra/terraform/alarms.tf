# What wakes somebody. Each alarm mails the topic when it rings and when it is over; docs/runbook.md
# has a section for each.

locals {
  load_balancer = { LoadBalancer = module.load_balancer.metric_name }
  table_name    = { TableName = aws_dynamodb_table.records.name }

  # An alarm has one metric, or several and an expression over their ids.
  single_alarms = merge(
    {
      slow-answers = {
        says = "One answer of the gateway in twenty takes longer than two seconds, waits and exports aside."
        # CloudWatch has percentiles of this because times are exponential histograms: shared/metrics.py.
        metric = { namespace = local.metrics_namespace, name = "http.server.request.duration", stat = "p95", dimensions = { "caption.waited" = "false" } }
        above  = 2, period = 300
      }
    },
    { for name, queue in module.queue : "${name}-dead-letters" => {
      says   = "Messages were given up: see the admin page."
      metric = { namespace = "AWS/SQS", name = "ApproximateNumberOfMessagesVisible", stat = "Maximum", dimensions = { QueueName = queue.dead_letters.name } }
      above  = 0, period = 300
    } },
    { for name, queue in module.queue : "${name}-old-messages" => {
      says   = "The oldest message has waited for a quarter of an hour."
      metric = { namespace = "AWS/SQS", name = "ApproximateAgeOfOldestMessage", stat = "Maximum", dimensions = { QueueName = queue.name } }
      above  = 900, period = 300
    } },
    merge([for name, limits in local.watched : {
      "${name}-cpu" = {
        says   = "Tasks use over 80 % of their CPU, and scaling did not help within a quarter of an hour."
        metric = { namespace = "AWS/ECS", name = "CPUUtilization", stat = "Average", dimensions = { ClusterName = aws_ecs_cluster.this.name, ServiceName = limits } }
        above  = 80, period = 300, times = 3
      }
      "${name}-memory" = {
        says   = "Tasks use over 85 % of their memory: the next step is that they are killed."
        metric = { namespace = "AWS/ECS", name = "MemoryUtilization", stat = "Maximum", dimensions = { ClusterName = aws_ecs_cluster.this.name, ServiceName = limits } }
        above  = 85, period = 300
      }
    }]...),
    { for name, event in local.log_events : name => {
      says   = event.says
      metric = { namespace = local.metrics_namespace, name = "log.${name}", stat = "Sum", dimensions = {} }
      above  = 0, period = 300
    } },
  )

  combined_alarms = {
    server-errors = {
      says       = "More than ten answers 5xx in five minutes, of the services or of the load balancer itself."
      expression = "FILL(of_targets, 0) + FILL(of_balancer, 0)"
      metrics = {
        of_targets  = { namespace = "AWS/ApplicationELB", name = "HTTPCode_Target_5XX_Count", stat = "Sum", dimensions = local.load_balancer }
        of_balancer = { namespace = "AWS/ApplicationELB", name = "HTTPCode_ELB_5XX_Count", stat = "Sum", dimensions = local.load_balancer }
      }
      above = 10, period = 300
    }
    table-throttles = {
      says       = "DynamoDB refuses requests: a partition is too hot, or the table grew too fast."
      expression = "FILL(reads, 0) + FILL(writes, 0) + FILL(index, 0)"
      metrics = {
        reads  = { namespace = "AWS/DynamoDB", name = "ReadThrottleEvents", stat = "Sum", dimensions = local.table_name }
        writes = { namespace = "AWS/DynamoDB", name = "WriteThrottleEvents", stat = "Sum", dimensions = local.table_name }
        index  = { namespace = "AWS/DynamoDB", name = "WriteThrottleEvents", stat = "Sum", dimensions = merge(local.table_name, { GlobalSecondaryIndexName = "active" }) }
      }
      above = 0, period = 300
    }
    every-provider-degraded = {
      says       = "Not one caption in a quarter of an hour came from the provider that should write it."
      expression = "IF(FILL(degraded, 0) > 0 AND FILL(good, 0) == 0, 1, 0)"
      metrics = {
        degraded = { namespace = local.metrics_namespace, name = "caption.images", stat = "Sum", dimensions = { "caption.status" = "completed", "caption.degraded" = "true" } }
        good     = { namespace = local.metrics_namespace, name = "caption.images", stat = "Sum", dimensions = { "caption.status" = "completed", "caption.degraded" = "false" } }
      }
      above = 0, period = 300, times = 3
    }
  }

  # Services by their names in CloudWatch; the one by the clock has no utilization to speak of.
  watched = { for name, service in module.service : name => service.name if name != "reconciler" }

  # Lines of the captioner's log that somebody has to act on, by the event's name in the code.
  log_events = !contains(keys(module.service), "captioner") ? {} : {
    model-retired      = { event = "model retired", says = "A provider answers that its model is gone. Captions come from the next one." }
    endpoint-not-found = { event = "endpoint not found", says = "SageMaker knows no endpoint of the configured name." }
    daily-budget-spent = { event = "daily budget spent", says = "No paid provider is asked until midnight UTC." }
  }

  alarms = merge(
    { for name, alarm in local.single_alarms : name => merge({ times = 1, metrics = {}, expression = null }, alarm) },
    { for name, alarm in local.combined_alarms : name => merge({ times = 1, metric = null }, alarm) },
  )
}

resource "aws_cloudwatch_log_metric_filter" "event" {
  for_each = local.log_events

  name           = "${local.name}-${each.key}"
  log_group_name = module.service["captioner"].log_group_name
  pattern        = "{ $.event = \"${each.value.event}\" }"

  metric_transformation {
    namespace     = local.metrics_namespace
    name          = "log.${each.key}"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${local.name}-${each.key}"
  alarm_description   = each.value.says
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  evaluation_periods  = each.value.times
  treat_missing_data  = "notBreaching" # no photos, no metrics: that is a quiet night
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]

  namespace   = try(each.value.metric.namespace, null)
  metric_name = try(each.value.metric.name, null)
  dimensions  = try(each.value.metric.dimensions, null)
  period      = each.value.metric == null ? null : each.value.period

  # A percentile goes by another argument than the five plain statistics.
  statistic          = try(startswith(each.value.metric.stat, "p") ? null : each.value.metric.stat, null)
  extended_statistic = try(startswith(each.value.metric.stat, "p") ? each.value.metric.stat : null, null)

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = metric_query.value.namespace
        metric_name = metric_query.value.name
        stat        = metric_query.value.stat
        dimensions  = metric_query.value.dimensions
        period      = each.value.period
      }
    }
  }

  dynamic "metric_query" {
    for_each = each.value.expression[*]

    content {
      id          = "result"
      label       = each.key
      expression  = metric_query.value
      return_data = true
    }
  }
}

resource "aws_sns_topic" "alarms" {
  name              = "${local.name}-alarms"
  kms_master_key_id = aws_kms_key.this["logs"].arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = data.aws_iam_policy_document.alarms.json
}

data "aws_iam_policy_document" "alarms" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.alarms.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_sns_topic_subscription" "mail" {
  for_each = toset(var.alarm_emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}
