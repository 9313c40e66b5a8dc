# How many tasks run. Services that answer people follow CPU and memory; workers follow the
# messages of each running task, because an idle CPU says nothing about a slow model: those that
# wait, for a burst, and those in hand, for what is enough once nothing waits. Of several policies
# the one that wants the most tasks has its way.

locals {
  scaling = var.definition.scaling[*]
  levels = merge([
    for scaling in local.scaling : {
      for name, target in {
        ECSServiceAverageCPUUtilization    = scaling.cpu
        ECSServiceAverageMemoryUtilization = scaling.memory
      } : name => target if target != null
    }
  ]...)
  queues = [for scaling in local.scaling : scaling.queue_name if scaling.queue_name != null]
  messages = merge([
    for scaling in local.scaling : {
      for name, kind in {
        backlog = { metric = "ApproximateNumberOfMessagesVisible", label = "that wait", target = scaling.backlog }
        # Those that were given back for later count too: in an outage nothing scales in.
        busy = { metric = "ApproximateNumberOfMessagesNotVisible", label = "in hand", target = scaling.busy }
      } : name => kind if kind.target != null
    }
  ]...)
}

resource "aws_appautoscaling_target" "this" {
  count = length(local.scaling)

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.cluster.name}/${aws_ecs_service.this[0].name}"
  min_capacity       = local.scaling[0].min
  max_capacity       = local.scaling[0].max
}

resource "aws_appautoscaling_policy" "level" {
  for_each = local.levels

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value
    scale_out_cooldown = 60
    scale_in_cooldown  = 300 # a page of photos comes in bursts

    predefined_metric_specification {
      predefined_metric_type = each.key
    }
  }
}

resource "aws_appautoscaling_policy" "messages" {
  for_each = local.messages

  name               = "${var.name}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[0].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[0].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = each.value.target
    scale_out_cooldown = 60
    scale_in_cooldown  = 300

    customized_metric_specification {
      metrics {
        id          = "messages"
        label       = "messages ${each.value.label}"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "AWS/SQS"
            metric_name = each.value.metric

            dimensions {
              name  = "QueueName"
              value = local.queues[0]
            }
          }
        }
      }

      metrics {
        id          = "running"
        label       = "tasks that run"
        return_data = false

        metric_stat {
          stat = "Average"

          metric {
            namespace   = "ECS/ContainerInsights"
            metric_name = "RunningTaskCount"

            dimensions {
              name  = "ClusterName"
              value = var.cluster.name
            }

            dimensions {
              name  = "ServiceName"
              value = aws_ecs_service.this[0].name
            }
          }
        }
      }

      metrics {
        id    = "each"
        label = "messages ${each.value.label}, for each running task"
        # Without a running task there is one to come, or the policy would divide by nothing.
        expression  = "messages / IF(running > 0, running, 1)"
        return_data = true
      }
    }
  }
}
