output "name" {
  description = "Of the service, as metrics name it"
  value       = var.name
}

output "security_group_id" {
  description = "Of its tasks"
  value       = aws_security_group.this.id
}

output "log_group_name" {
  description = "Where its lines go"
  value       = aws_cloudwatch_log_group.this.name
}

output "task_role_arn" {
  description = "What its code runs under"
  value       = aws_iam_role.task.arn
}

output "task_policy" {
  description = "What its code may do, as JSON"
  value       = data.aws_iam_policy_document.task.json
}

output "containers" {
  description = "What a task holds, for tests"
  value       = jsondecode(aws_ecs_task_definition.this.container_definitions)
}
