# The cluster, and one module for everything that services.tf names.

resource "aws_ecs_cluster" "this" {
  name = local.name

  setting {
    name  = "containerInsights" # RunningTaskCount, for the backlog of each task
    value = "enabled"
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE", "FARGATE_SPOT"]
}

module "service" {
  source   = "./modules/service"
  for_each = { for name, service in local.services : name => service if contains(keys(var.image_digests), service.image) }

  name       = "${local.name}-${each.key}"
  region     = var.region
  account_id = local.account_id
  # By way of the capacity providers, as a service can't be made before its cluster has them.
  cluster = { arn = aws_ecs_cluster.this.arn, name = aws_ecs_cluster_capacity_providers.this.cluster_name }

  image = {
    uri            = "${aws_ecr_repository.this[each.value.image].repository_url}@${var.image_digests[each.value.image]}"
    repository_arn = aws_ecr_repository.this[each.value.image].arn
  }
  collector = try(each.value.telemetry, true) ? local.collector : null

  vpc_id    = module.network.vpc_id
  placement = module.network.placements[try(each.value.outside, false) ? "outside" : "inside"]
  admitted  = lookup(local.admitted, each.key, {})
  groups    = each.key == "ui" ? [aws_security_group.page.id] : []
  spot      = !var.production && try(each.value.spot, false)

  target_group_arn = contains(["gateway", "ui"], each.key) ? module.load_balancer.target_group_arns[each.key] : null
  registry_arn     = each.key == "gateway" ? aws_service_discovery_service.gateway.arn : null

  logs            = { retention_days = local.log_retention_days, key_arn = aws_kms_key.this["logs"].arn }
  secrets_key_arn = aws_kms_key.this["secrets"].arn

  definition = merge(
    { for key, value in each.value : key => value if !contains(["image", "outside", "spot", "telemetry"], key) },
    {
      environment = merge(
        { for name, value in local.settings[each.key].values : "${local.settings[each.key].prefix}${name}" => value },
        { OTEL_TRACES_SAMPLER_ARG = tostring(var.trace_ratio) },
      )
      permissions = local.permissions[each.key]
      conditions  = local.conditions
    },
  )
}

locals {
  collector = !contains(keys(var.image_digests), "collector") ? null : {
    image          = "${aws_ecr_repository.this["collector"].repository_url}@${var.image_digests["collector"]}"
    repository_arn = aws_ecr_repository.this["collector"].arn
    permissions    = local.collector_permissions
    configuration = templatefile("${path.module}/files/collector.yaml.tftpl", {
      region    = var.region
      namespace = local.metrics_namespace
      log_group = aws_cloudwatch_log_group.metrics.name
    })
  }

  admitted = {
    ui      = { "the load balancer" = module.load_balancer.security_group_id }
    gateway = { "the load balancer" = module.load_balancer.security_group_id, "the page" = aws_security_group.page.id }
  }
}

# The page calls the gateway by a name inside the network. The group is not the module's own, as the
# gateway's has to name it, and they are made by the same module.

resource "aws_service_discovery_private_dns_namespace" "this" {
  name = "${local.name}.internal"
  vpc  = module.network.vpc_id
}

resource "aws_service_discovery_service" "gateway" {
  name = "gateway"

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }

  health_check_custom_config {
    failure_threshold = 1 # ECS says which tasks are well
  }
}

locals {
  gateway_inside = "http://gateway.${local.name}.internal:8080"
}

resource "aws_security_group" "page" {
  # checkov:skip=CKV2_AWS_5: attached to the page's tasks by module.service
  name        = "${local.name}-page-calls"
  description = "Tasks of the page, towards the gateway"
  vpc_id      = module.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "page" {
  security_group_id = aws_security_group.page.id
  description       = "To the gateway"
  cidr_ipv4         = module.network.vpc_cidr
  from_port         = 8080
  to_port           = 8080
  ip_protocol       = "tcp"
}
