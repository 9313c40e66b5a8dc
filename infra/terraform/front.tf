# The way in: CloudFront, WAF, the load balancer, names.

locals {
  origin_header = "X-Origin-Key"
  # At most three a group: modules/load_balancer.
  gateway_paths = [["/v1/*", "/auth/*"], ["/docs", "/openapi.json", "/version"]]
}

module "load_balancer" {
  source = "./modules/load_balancer"

  name                = local.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.public_subnet_ids
  certificate_arn     = var.domain.certificate_arn
  logs_bucket         = aws_s3_bucket_policy.logs.bucket # with the policy: it tries a write at once
  deletion_protection = var.production
  api_paths           = local.gateway_paths
  behind_cloudfront   = var.cloudfront.enabled
  # Both keys, so that one can be changed while the other is in use.
  from_cloudfront = !var.cloudfront.enabled ? null : {
    header = local.origin_header
    values = [for key in ["a", "b"] : terraform_data.origin_key[key].output]
  }

  targets = {
    gateway = { port = 8080, health = "/healthz" }
    ui      = { port = 8501, health = "/_stcore/health", sticky = true }
  }
}

module "edge" {
  source = "./modules/edge"
  count  = var.cloudfront.enabled ? 1 : 0

  name               = local.name
  domain_name        = var.domain.name
  origin_domain_name = var.domain.origin
  certificate_arn    = var.domain.edge_certificate_arn
  web_acl_arn        = one(module.web_acl[*].arn)
  price_class        = var.cloudfront.price_class
  private_paths      = flatten(local.gateway_paths)
  static_paths       = ["/static/*"] # Streamlit names them by their content

  secret_header = {
    name  = local.origin_header
    value = terraform_data.origin_key[var.origin_key.active].output
  }

  # When keys change, the load balancer has to know the new one first.
  depends_on = [module.load_balancer]
}

module "web_acl" {
  source = "./modules/web_acl"
  count  = var.waf.enabled ? 1 : 0

  name                   = local.name
  region                 = var.region
  cloudfront             = var.cloudfront.enabled
  load_balancer_arn      = module.load_balancer.arn
  requests_per_5_minutes = var.waf.requests_per_5_minutes
}

locals {
  front = var.cloudfront.enabled ? module.edge[0].dns : module.load_balancer.dns
  records = var.domain.zone_id == null ? {} : merge(
    { (var.domain.name) = local.front },
    var.cloudfront.enabled ? { (var.domain.origin) = module.load_balancer.dns } : {},
  )
}

resource "aws_route53_record" "this" {
  # checkov:skip=CKV2_AWS_23: an alias of CloudFront or of the load balancer, through a local that checkov can't follow
  for_each = local.records

  zone_id = var.domain.zone_id
  name    = each.key
  type    = "A"

  alias {
    name                   = each.value.name
    zone_id                = each.value.zone_id
    evaluate_target_health = false
  }
}
