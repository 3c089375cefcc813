"""What a check works with: valid requests, pages, resources, and ways to say what broke."""
