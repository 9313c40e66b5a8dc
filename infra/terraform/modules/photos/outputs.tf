output "bucket_name" {
  description = "For the services"
  value       = aws_s3_bucket.this["primary"].bucket
}

output "arn" {
  description = "For permissions"
  value       = aws_s3_bucket.this["primary"].arn
}
