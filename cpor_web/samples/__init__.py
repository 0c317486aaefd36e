"""Sample data for trying the product out: invented partners, people, customers and claims."""
