# CloudFront in front of the load balancer. Answers belong to one person each: one of them cached
# and given to another is a breach, so nothing is cached but the page's own static files.

locals {
  # AWS's managed policies; ids from
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  # and .../using-managed-origin-request-policies.html, .../using-managed-response-headers-policies.html
  caching_disabled                  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  caching_optimized                 = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  all_viewer_and_cloudfront_headers = "33f36d7e-f396-46d9-90e0-52428a34d9dc"
  security_headers                  = "67f7725c-6f97-4210-82d7-5512b31e9d03"

  origin_id   = "load-balancer"
  all_methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
}

resource "aws_cloudfront_distribution" "this" {
  # checkov:skip=CKV_AWS_86: each request that reaches the load balancer is in its log; the rest are static files
  # checkov:skip=CKV_AWS_305: the page itself answers at /
  # checkov:skip=CKV_AWS_310: a second origin would be a second region, which is not part of this
  # checkov:skip=CKV_AWS_374: people may live anywhere
  # checkov:skip=CKV2_AWS_32: each behaviour has one; checkov doesn't see into the loops
  # checkov:skip=CKV2_AWS_47: its managed rules are in modules/web_acl, KnownBadInputs among them
  enabled         = true
  comment         = var.name
  aliases         = [var.domain_name]
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn

  origin {
    origin_id   = local.origin_id
    domain_name = var.origin_domain_name

    custom_origin_config {
      http_port                = 80
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"] # the least; CloudFront takes 1.3 where it can
      origin_read_timeout      = 60          # above a long poll's 20 s and a slow upload's answer
      origin_keepalive_timeout = 60
    }

    custom_header {
      name  = var.secret_header.name
      value = var.secret_header.value
    }
  }

  # The page, with the web socket that it lives by.
  default_cache_behavior {
    target_origin_id           = local.origin_id
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = local.all_methods
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = local.caching_disabled
    origin_request_policy_id   = local.all_viewer_and_cloudfront_headers
    response_headers_policy_id = local.security_headers
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.private_paths

    content {
      path_pattern             = ordered_cache_behavior.value
      target_origin_id         = local.origin_id
      viewer_protocol_policy   = "https-only" # a token must not go out in the clear, not even once
      allowed_methods          = local.all_methods
      cached_methods           = ["GET", "HEAD"]
      cache_policy_id          = local.caching_disabled
      origin_request_policy_id = local.all_viewer_and_cloudfront_headers
      # The gateway sets its own headers of this kind; these fill in where it does not.
      response_headers_policy_id = local.security_headers
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.static_paths

    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = local.origin_id
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      compress                   = true
      cache_policy_id            = local.caching_optimized
      response_headers_policy_id = local.security_headers
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}
