import Summaries
