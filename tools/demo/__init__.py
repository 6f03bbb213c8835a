"""A believable distributor for trying Qudao: range, price lists, dealers, people and opening stock."""
