"""Pictures of skeletons: strips, animations, and a page that plays clips."""
