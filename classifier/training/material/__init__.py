"""What is learnt from: clips of corpora, and what the stream hears in them."""
