output "dns" {
  description = "The distribution's name, and the zone of an alias record to it"
  value       = { name = aws_cloudfront_distribution.this.domain_name, zone_id = aws_cloudfront_distribution.this.hosted_zone_id }
}
