output "name" {
  description = "As metrics name it"
  value       = aws_sqs_queue.this.name
}

output "arn" {
  description = "For permissions to send"
  value       = aws_sqs_queue.this.arn
}

output "url" {
  description = "For the services"
  value       = aws_sqs_queue.this.url
}

output "dead_letters" {
  description = "Name, ARN and address of the dead letters' queue"
  value = {
    name = aws_sqs_queue.dead_letters.name
    arn  = aws_sqs_queue.dead_letters.arn
    url  = aws_sqs_queue.dead_letters.url
  }
}

# Malformed messages go to the dead letters at once, by the consumer's own hand.
output "consume_permissions" {
  description = "Action to resources, for whoever takes messages off the queue"
  value = {
    "sqs:ReceiveMessage"          = [aws_sqs_queue.this.arn]
    "sqs:ChangeMessageVisibility" = [aws_sqs_queue.this.arn]
    "sqs:DeleteMessage"           = [aws_sqs_queue.this.arn]
    "sqs:SendMessage"             = [aws_sqs_queue.dead_letters.arn]
  }
}

output "redrive" {
  description = "Where messages go after how many receives, as SQS has it"
  value       = jsondecode(aws_sqs_queue.this.redrive_policy)
}
