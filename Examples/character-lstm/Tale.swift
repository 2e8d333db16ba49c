// The text that the network learns: a tale written for this example.

/// A tale of a lighthouse, of some six thousand characters.
let tale = """
    The lighthouse on the Grey Step had a keeper, and the keeper had a cat, and the cat had opinions. The keeper was \
    called Marten. He had come to the island in the year of the long rain, when nobody else wanted to go, and he had \
    stayed because the lamp was good company. The cat was called Button. She had come in a box of candles, and she had \
    stayed because of the fish.

    Every evening Marten climbed the ninety steps to the lamp. He counted them aloud, so that the cat would know where \
    he was. Every evening the cat sat on the seventh step and waited for him to come down again. The lamp turned, the \
    sea turned, and the night went by. In the morning there was tea for the keeper and a fish for the cat, and then \
    they both slept until the wind woke them.

    One evening the lamp would not light. Marten cleaned the glass, and the lamp would not light. He filled the tank \
    with fresh oil, and the lamp would not light. He read the book of the lamp from the first page to the last page, \
    and the lamp would not light. The sun went down into the sea, and the sea grew dark, and far away in the west \
    there was a small ship on her way home.

    "We must have a light," said Marten. The cat said nothing, but she looked at the box of candles. There were forty \
    candles in the box. Marten put them in a ring around the glass, and he lit them one by one. It was a small light, \
    but it was a light. The wind came through the door and blew out ten of them. He lit the ten again, and the wind \
    blew out twelve. So the keeper stood on one side of the lamp and held his coat against the wind, and on the other \
    side there was nobody.

    Then the cat came up the ninety steps. She had never done so before. She did not count them. She sat down in the \
    draught, on the other side of the lamp, and she made herself as large as a cat can be, which is larger than one \
    thinks. The wind came through the door and found the coat, and the wind came through the door and found the cat, \
    and it went back to the sea to tell the waves about it. Forty candles burned on the Grey Step all night.

    The small ship saw the small light. The captain of the ship was a woman called Ilse, who had sailed past the \
    island for twenty years. She knew the lamp of the Grey Step as one knows the voice of a friend. "That is not the \
    lamp," she said, "but that is the place." She turned the wheel to the north, and the rocks went by in the dark, \
    one after the other, like sheep behind a wall. In the morning the ship was in the harbour, and there was not a \
    scratch on her.

    When the sun came up, Marten looked at the lamp again. Behind the tank there was a pipe, and in the pipe there \
    was a small grey mouse. The mouse had made a nest of wool and straw, and she was very much at home. The keeper \
    looked at the mouse, and the mouse looked at the cat, and the cat looked out of the window. She had been awake all \
    night, and there are days when a cat does not want to know about a mouse.

    So the keeper took the nest out of the pipe and put it into the empty box of candles. He carried the box down the \
    ninety steps and put it under the stairs, where it was warm. Then he lit the lamp, and the lamp was as good as \
    new. He made tea. He gave the cat two fish, and he put a small piece of cheese under the stairs.

    In the evening there was a knock at the door. Nobody had knocked at that door since the year of the long rain. It \
    was the captain of the small ship, and she had a basket with her. "I have come to thank you for the light," said \
    Ilse. "It was a strange light. It had a dark place in the middle, and the dark place had ears." Marten laughed, \
    and he told her of the candles and the wind, of the coat and the cat. He told her of the mouse as well, but in a \
    low voice, so that the cat would not have to hear it.

    In the basket there were bread and apples and a new box of candles. There was a fish in it, too, and it was the \
    largest fish that the cat had ever seen. She walked around it once, and then she walked around it again. She sat \
    down beside it, and she made herself as large as a cat can be, so that the wind would not take it away.

    The captain stayed until the lamp was lit. She climbed the ninety steps with the keeper, and they counted them \
    aloud together. From the window they saw the sea and the rocks and the long white road that the light made on the \
    water. "Is it not lonely here?" said Ilse. "It was," said Marten. "But there is the lamp, and there is the cat, \
    and now there is the mouse. And there are the ships. They do not say much, but they go by, and in the morning \
    they are at home."

    From that day on the small ship came to the Grey Step on the first day of every month. The captain brought bread \
    and candles and the news of the harbour, and the keeper made tea. The mouse grew old and fat under the stairs. \
    The cat sat on the seventh step in the evening and waited, and when the wind was strong she went up to the lamp \
    and sat down in the draught. There was no need for it, because the lamp was good. But one never knows with a \
    lamp, and one never knows with the wind, and it is well to have somebody on the other side.

    """
