# One service of ECS, or one task by the clock.

locals {
  capacity_provider = var.spot ? "FARGATE_SPOT" : "FARGATE"
  is_service        = var.definition.schedule == null
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "admitted" {
  for_each = var.admitted

  security_group_id            = aws_security_group.this.id
  description                  = "From ${each.key}"
  referenced_security_group_id = each.value
  from_port                    = var.definition.port
  to_port                      = var.definition.port
  ip_protocol                  = "tcp"
}

# Routes decide how far this reaches: from isolated subnets, to AWS's endpoints only.
resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.this.id
  description       = "AWS, sign-in and models"
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_ecs_service" "this" {
  count = local.is_service ? 1 : 0

  name             = var.name
  cluster          = var.cluster.arn
  task_definition  = aws_ecs_task_definition.this.arn
  desired_count    = var.definition.scaling == null ? var.definition.count : var.definition.scaling.min
  platform_version = "1.4.0"
  propagate_tags   = "SERVICE"

  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = var.target_group_arn == null ? null : 60

  # A release whose tasks don't get healthy is taken back without anybody's doing.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  capacity_provider_strategy {
    capacity_provider = local.capacity_provider
    weight            = 1
  }

  network_configuration {
    subnets          = var.placement.subnet_ids
    security_groups  = concat([aws_security_group.this.id], var.groups)
    assign_public_ip = var.placement.assign_public_ip
  }

  dynamic "load_balancer" {
    for_each = var.target_group_arn[*]

    content {
      target_group_arn = load_balancer.value
      container_name   = "service"
      container_port   = var.definition.port
    }
  }

  dynamic "service_registries" {
    for_each = var.registry_arn[*]

    content {
      registry_arn = service_registries.value
    }
  }

  lifecycle {
    ignore_changes = [desired_count] # autoscaling's, or an operator's in an emergency
  }
}

resource "aws_scheduler_schedule" "this" {
  # checkov:skip=CKV_AWS_297: the schedule holds a command line and nothing of anybody's
  count = local.is_service ? 0 : 1

  name                         = var.name
  schedule_expression          = var.definition.schedule
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = var.cluster.arn
    role_arn = aws_iam_role.scheduler[0].arn

    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.this.arn
      task_count          = 1
      platform_version    = "1.4.0"

      capacity_provider_strategy {
        capacity_provider = local.capacity_provider
        weight            = 1
      }

      network_configuration {
        subnets          = var.placement.subnet_ids
        security_groups  = [aws_security_group.this.id]
        assign_public_ip = var.placement.assign_public_ip
      }
    }

    retry_policy {
      maximum_retry_attempts       = 2
      maximum_event_age_in_seconds = 3600
    }
  }
}
