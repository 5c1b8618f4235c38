"""What people read: a sentence for every refusal, a label for every value, and numbers as they are written."""
