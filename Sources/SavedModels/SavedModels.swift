// Placeholder
enum SavedModelsModule {}
