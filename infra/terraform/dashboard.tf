# One page for whoever is on call. Its names of metrics are those of shared/metrics.py, and a test
# compares the two.

locals {
  queue_names  = { for name, queue in module.queue : name => [queue.name, queue.dead_letters.name] }
  task_metrics = { for name, service in module.service : name => service.name if name != "reconciler" }

  dashboard = templatefile("${path.module}/files/dashboard.json.tftpl", {
    region        = var.region
    namespace     = local.metrics_namespace
    load_balancer = module.load_balancer.metric_name
    table         = aws_dynamodb_table.records.name
    alarms        = jsonencode([for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn])

    queue_metrics = jsonencode(concat([
      for name, queues in local.queue_names : [
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queues[0]],
        ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", queues[0]],
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queues[1]],
      ]
    ]...))
    running_metrics = jsonencode([
      for name in local.task_metrics :
      ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", aws_ecs_cluster.this.name, "ServiceName", name]
    ])
    load_metrics = jsonencode([
      for pair in setproduct(values(local.task_metrics), ["CPUUtilization", "MemoryUtilization"]) :
      ["AWS/ECS", pair[1], "ClusterName", aws_ecs_cluster.this.name, "ServiceName", pair[0]]
    ])
  })
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = local.name
  dashboard_body = jsonencode(jsondecode(local.dashboard)) # what is no JSON fails here, not at AWS
}
