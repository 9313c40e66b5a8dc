# HTTPS from viewers or from CloudFront only, to the gateway by path and to the page for the rest.

resource "aws_lb" "this" {
  # checkov:skip=CKV_AWS_150: on in production (deletion_protection); elsewhere it may go
  # checkov:skip=CKV2_AWS_28: the web ACL is CloudFront's where there is one, and an option (waf) where not
  name                       = var.name
  load_balancer_type         = "application"
  subnets                    = var.subnet_ids
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  idle_timeout               = 120 # above a body's 60 s, and above the 60 s that CloudFront waits
  # Only the client's own address is of use to the access log; the gateway trusts CloudFront's header.
  xff_header_processing_mode = "append"

  access_logs {
    enabled = true
    bucket  = var.logs_bucket
    prefix  = "load-balancer"
  }
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "The load balancer"
  vpc_id      = var.vpc_id
}

# Everybody's distributions have these addresses: hence the secret header too.
data "aws_ec2_managed_prefix_list" "cloudfront" {
  count = var.behind_cloudfront ? 1 : 0
  name  = "com.amazonaws.global.cloudfront.origin-facing"
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = { http = 80, https = 443 }

  security_group_id = aws_security_group.this.id
  description       = var.behind_cloudfront ? "CloudFront" : "Everybody"
  prefix_list_id    = one(data.aws_ec2_managed_prefix_list.cloudfront[*].id)
  cidr_ipv4         = var.behind_cloudfront ? null : "0.0.0.0/0"
  from_port         = each.value
  to_port           = each.value
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "targets" {
  for_each = var.targets

  security_group_id = aws_security_group.this.id
  description       = "To ${each.key}"
  cidr_ipv4         = "0.0.0.0/0" # its targets are in the VPC; the tasks' own groups admit this one
  from_port         = each.value.port
  to_port           = each.value.port
  ip_protocol       = "tcp"
}

resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_378: TLS ends at the load balancer; the task's group admits nothing else
  for_each = var.targets

  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = each.value.port
  deregistration_delay = each.value.drain_s

  # Never /readyz: an outage of DynamoDB would take every task out, and the 503s with them.
  health_check {
    path                = each.value.health
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200"
  }

  # A session of Streamlit lives in one process.
  stickiness {
    type            = "lb_cookie"
    enabled         = each.value.sticky
    cookie_duration = 86400
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# What no rule below takes has come around CloudFront.
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Forbidden"
      status_code  = "403"
    }
  }
}

locals {
  rules = concat(
    [for paths in var.api_paths : { target = "gateway", paths = paths }],
    [{ target = "ui", paths = ["/*"] }],
  )
}

resource "aws_lb_listener_rule" "this" {
  count = length(local.rules)

  listener_arn = aws_lb_listener.https.arn
  priority     = 10 * (count.index + 1)

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[local.rules[count.index].target].arn
  }

  condition {
    path_pattern {
      values = local.rules[count.index].paths
    }
  }

  dynamic "condition" {
    for_each = var.behind_cloudfront ? [1] : []

    content {
      http_header {
        http_header_name = var.from_cloudfront.header
        values           = var.from_cloudfront.values
      }
    }
  }
}
