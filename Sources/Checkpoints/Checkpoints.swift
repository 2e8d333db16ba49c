// Placeholder
enum CheckpointsModule {}
