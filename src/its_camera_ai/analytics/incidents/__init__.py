"""What needs a human: rules over road users, each with a life cycle and an explanation."""
