# Three kinds of subnets: public (load balancer, NAT), private (a way out where there is a NAT) and
# isolated (never a way out: whatever parses hostile files runs here).

locals {
  own   = var.use_default_vpc ? 0 : 1
  zones = var.use_default_vpc ? [] : [for letter in var.zones : "${var.region}${letter}"]

  # Keyed by zone, so that another zone renumbers nothing.
  subnets = merge([
    for index, zone in local.zones : {
      for kind, block in { public = 0, private = 1, isolated = 2 } : "${kind}-${zone}" => {
        kind                      = kind
        zone                      = zone
        cidr                      = cidrsubnet(var.cidr, 4, block * 4 + index)
      }
    }
  ]...)

  nat_zones = slice(local.zones, 0, min(var.nat_gateways, length(local.zones)))

  vpc_id   = one(concat(aws_vpc.this[*].id, data.aws_vpc.default[*].id))
  vpc_cidr = one(concat(aws_vpc.this[*].cidr_block, data.aws_vpc.default[*].cidr_block))
  ids = {
    for kind in ["public", "private", "isolated"] : kind => (
      var.use_default_vpc
      ? flatten(data.aws_subnets.default[*].ids)
      : [for key, subnet in local.subnets : aws_subnet.this[key].id if subnet.kind == kind]
    )
  }
}

data "aws_vpc" "default" {
  count   = var.use_default_vpc ? 1 : 0
  default = true
}

data "aws_subnets" "default" {
  count = var.use_default_vpc ? 1 : 0

  filter {
    name   = "vpc-id"
    values = data.aws_vpc.default[*].id
  }

  filter {
    name   = "default-for-az"
    values = ["true"]
  }
}

resource "aws_vpc" "this" {
  count = local.own

  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # private names of the interface endpoints

  tags = { Name = var.name }
}

# Nothing uses it; without rules, what is put into it by mistake reaches nothing.
resource "aws_default_security_group" "this" {
  count  = local.own
  vpc_id = aws_vpc.this[0].id
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id            = aws_vpc.this[0].id
  availability_zone = each.value.zone
  cidr_block        = each.value.cidr

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_internet_gateway" "this" {
  count  = local.own
  vpc_id = aws_vpc.this[0].id

  tags = { Name = var.name }
}

resource "aws_eip" "nat" {
  for_each = toset(local.nat_zones)
  domain   = "vpc"

  tags = { Name = "${var.name}-nat-${each.key}" }
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nat_zones)

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.this["public-${each.key}"].id

  tags = { Name = "${var.name}-${each.key}" }

  depends_on = [aws_internet_gateway.this]
}

# A table for each subnet, as only some zones may have a NAT of their own.
resource "aws_route_table" "this" {
  for_each = local.subnets
  vpc_id   = aws_vpc.this[0].id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table_association" "this" {
  for_each = local.subnets

  subnet_id      = aws_subnet.this[each.key].id
  route_table_id = aws_route_table.this[each.key].id
}

resource "aws_route" "internet" {
  for_each = { for key, subnet in local.subnets : key => subnet if subnet.kind == "public" }

  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this[0].id
}

resource "aws_route" "nat" {
  for_each = {
    for key, subnet in local.subnets : key => subnet
    if subnet.kind == "private" && length(local.nat_zones) > 0
  }

  route_table_id         = aws_route_table.this[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  # A zone without a NAT of its own goes through the first one's.
  nat_gateway_id = aws_nat_gateway.this[
    contains(local.nat_zones, each.value.zone) ? each.value.zone : local.nat_zones[0]
  ].id
}
