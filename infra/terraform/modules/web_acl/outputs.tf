output "arn" {
  description = "For CloudFront"
  value       = aws_wafv2_web_acl.this.arn
}
