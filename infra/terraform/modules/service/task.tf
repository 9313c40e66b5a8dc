# What one task is: our container, and the collector beside it.

locals {
  secret_arns = distinct([for reference in values(var.definition.secrets) : join(":", slice(split(":", reference), 0, 7))])
  log_options = {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this.name
      awslogs-region        = var.region
      awslogs-stream-prefix = "task"
      # Past 25 MiB of lines that CloudWatch is slow to take, lines are lost and the service is not.
      mode            = "non-blocking"
      max-buffer-size = "25m"
    }
  }

  telemetry = var.collector == null ? {} : {
    OTEL_EXPORTER_OTLP_ENDPOINT = "http://127.0.0.1:4318"
    # awsemf adds up what it is given: sums since the start would be counted again every minute.
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE = "delta"
    OTEL_METRIC_EXPORT_INTERVAL                       = "60000"
  }

  # botocore reads AWS_DEFAULT_REGION only; Fargate itself sets AWS_REGION.
  environment = merge({ AWS_DEFAULT_REGION = var.region }, local.telemetry, var.definition.environment)

  container = {
    name                   = "service"
    image                  = var.image.uri
    essential              = true
    command                = var.definition.command
    readonlyRootFilesystem = true
    stopTimeout            = var.definition.stop_after
    environment            = [for name, value in local.environment : { name = name, value = value }]
    secrets                = [for name, arn in var.definition.secrets : { name = name, valueFrom = arn }]
    portMappings           = var.definition.port == null ? [] : [{ containerPort = var.definition.port, protocol = "tcp" }]
    logConfiguration       = local.log_options
    linuxParameters = {
      initProcessEnabled = true # ingest's child processes are reaped
      capabilities       = { drop = ["ALL"] }
      # On Fargate since January 2026:
      # https://aws.amazon.com/about-aws/whats-new/2026/01/amazon-ecs-tmpfs-mounts-aws-fargate-managed-instances/
      tmpfs = var.definition.tmpfs_mib == null ? [] : [{
        containerPath = "/tmp"
        size          = var.definition.tmpfs_mib
        mountOptions  = ["nosuid", "nodev", "noexec"]
      }]
    }
    # ECS ignores the image's own check. A blocked event loop gives no answer at all, which counts:
    # see docs/architecture.md, "Is a worker well?".
    healthCheck = var.definition.health == null ? null : {
      command = [
        "CMD", "python", "-c",
        "import urllib.request as r; r.urlopen('${var.definition.health}', timeout=4)",
      ]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
  }

  collector = var.collector == null ? [] : [{
    name      = "collector"
    image     = var.collector.image
    essential = false # a service without its collector goes on
    memory    = 192   # of the task's; beyond it the collector dies, not the service
    # It outlives the service's last export: ECS stops it last, because the service depends on it.
    stopTimeout            = 120
    readonlyRootFilesystem = true
    environment = [
      { name = "AOT_CONFIG_CONTENT", value = var.collector.configuration },
      { name = "AWS_REGION", value = var.region },
    ]
    logConfiguration = local.log_options
    linuxParameters  = { capabilities = { drop = ["ALL"] } }
  }]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.name}"
  retention_in_days = var.logs.retention_days
  kms_key_id        = var.logs.key_arn
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.definition.cpu
  memory                   = var.definition.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  container_definitions = jsonencode(concat(
    [merge(local.container, var.collector == null ? {} : {
      dependsOn = [{ containerName = "collector", condition = "START" }]
    })],
    local.collector,
  ))

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64" # onnxruntime and Pillow are built for both; images are not yet
  }
}
