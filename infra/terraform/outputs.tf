output "page_url" {
  description = "Where people go"
  value       = local.public_url
}

output "front" {
  description = "What the domain's record has to point at, where zone_id is not given"
  value       = local.front.name
}

output "origin" {
  description = "What the origin's record has to point at, where zone_id is not given"
  value       = module.load_balancer.dns.name
}

output "repositories" {
  description = "Where images are pushed to"
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}

output "cluster" {
  description = "For `aws ecs`"
  value       = aws_ecs_cluster.this.name
}

output "sign_in" {
  description = "Pool and clients; their secrets are in Cognito and in Secrets Manager"
  value = {
    pool_id            = module.sign_in.pool_id
    issuer             = module.sign_in.issuer
    hosted_url         = module.sign_in.hosted_url
    page_client_id     = module.sign_in.page_client_id
    programs_client_id = module.sign_in.programs_client_id
  }
}

output "secrets" {
  description = "Names, for fill_secrets.py"
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.name }
}

output "storage" {
  description = "Bucket, table and queues, for the runbook's commands"
  value = {
    bucket = module.photos.bucket_name
    table  = aws_dynamodb_table.records.name
    queues = { for name, queue in module.queue : name => { url = queue.url, dead_letters_url = queue.dead_letters.url } }
  }
}

output "alarms" {
  description = "All there are; docs/runbook.md has a section for each"
  value       = sort([for alarm in aws_cloudwatch_metric_alarm.this : alarm.alarm_name])
}

output "task_policies" {
  description = "What each service's code may do, for review and tests"
  value       = { for name, service in module.service : name => service.task_policy }
}
