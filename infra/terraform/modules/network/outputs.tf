output "vpc_id" {
  description = "The VPC in use"
  value       = local.vpc_id
}

output "vpc_cidr" {
  description = "Its addresses"
  value       = local.vpc_cidr
}

output "public_subnet_ids" {
  description = "For the load balancer"
  value       = local.ids.public
}

# `inside` needs AWS only, `outside` the internet too. Without a NAT, a task gets out by a public
# address of its own; nothing gets in by it, as its security group admits the load balancer only.
output "placements" {
  description = "Where tasks may run: subnets, and whether they take a public address"
  value = {
    inside = {
      subnet_ids       = local.ids.isolated
      assign_public_ip = var.use_default_vpc
    }
    outside = {
      subnet_ids       = var.nat_gateways > 0 ? local.ids.private : local.ids.public
      assign_public_ip = var.nat_gateways == 0 || var.use_default_vpc
    }
  }
}
