"""What people may see comes in and goes to screens; what people do goes out as records."""
