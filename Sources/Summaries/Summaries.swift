// Placeholder
enum SummariesModule {}
