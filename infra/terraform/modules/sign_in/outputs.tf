output "pool_id" {
  description = "For making users and putting operators into the group admins"
  value       = aws_cognito_user_pool.this.id
}

output "issuer" {
  description = "As tokens name it"
  value       = "https://cognito-idp.${var.region}.amazonaws.com/${aws_cognito_user_pool.this.id}"
}

output "hosted_url" {
  description = "Where the hosted pages are"
  value       = "https://${aws_cognito_user_pool_domain.this.domain}.auth.${var.region}.amazoncognito.com"
}

output "logout_urls" {
  description = "Where a sign-out may lead; exact"
  value       = local.logout_urls
}

output "page_client_id" {
  description = "Of the page's client"
  value       = aws_cognito_user_pool_client.page.id
}

output "programs_client_id" {
  description = "Of the programs' client"
  value       = aws_cognito_user_pool_client.programs.id
}
