output "arn" {
  description = "For a web ACL"
  value       = aws_lb.this.arn
}

output "metric_name" {
  description = "As CloudWatch names it"
  value       = aws_lb.this.arn_suffix
}

output "dns" {
  description = "Its name, and the zone of an alias record to it"
  value       = { name = aws_lb.this.dns_name, zone_id = aws_lb.this.zone_id }
}

output "security_group_id" {
  description = "For the tasks to admit"
  value       = aws_security_group.this.id
}

# Ready to be targeted only once a rule leads to them: ECS refuses a group without a load balancer.
output "target_group_arns" {
  description = "By name"
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }
  depends_on  = [aws_lb_listener_rule.this]
}
