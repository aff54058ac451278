"""Write the page that one shift hands over to the next: what is open, held and muted, and what happened meanwhile."""
