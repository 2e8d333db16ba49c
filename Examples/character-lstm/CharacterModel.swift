// Written next.
@main struct CharacterModel { static func main() {} }
