"""What a plan is: its document and fields, how it is changed, and how it comes in and goes out. Pure."""
