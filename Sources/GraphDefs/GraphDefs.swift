// Placeholder
enum GraphDefsModule {}
