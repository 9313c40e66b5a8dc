"""Checkpoints as the container finds them, made here with random weights and a few words."""

from pathlib import Path

import torch
import transformers

WORDS = ("a", "cat", "dog", "on", "the", "sofa", "with", "red", "ball", "and")


def save_blip(folder: Path) -> None:
    """A BLIP of two layers, as its own classes save it."""
    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]")
    vocabulary = {word: at for at, word in enumerate((*special, *WORDS))}
    tokenizer = transformers.BertTokenizer(vocab=vocabulary)
    tokenizer.add_special_tokens({"bos_token": "[DEC]"})
    config = transformers.BlipConfig(
        text_config={
            "vocab_size": len(vocabulary),
            "hidden_size": 32,
            "encoder_hidden_size": 32,
            "intermediate_size": 64,
            "projection_dim": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "max_position_embeddings": 64,
            "bos_token_id": vocabulary["[DEC]"],
            "eos_token_id": vocabulary["[SEP]"],
            "sep_token_id": vocabulary["[SEP]"],
            "pad_token_id": vocabulary["[PAD]"],
        },
        vision_config={
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "image_size": 32,
            "patch_size": 8,
        },
        projection_dim=32,
        image_text_hidden_size=32,
    )
    torch.manual_seed(1)
    transformers.BlipForConditionalGeneration(config).save_pretrained(folder)
    images = transformers.BlipImageProcessor(size={"height": 32, "width": 32})
    transformers.BlipProcessor(images, tokenizer).save_pretrained(folder)


def save_vit_gpt2(folder: Path) -> None:
    """A ViT and a GPT-2 of one layer each, as a vision encoder-decoder."""
    # GPT-2 writes a space before a word as "Ġ".
    pieces = ("<|endoftext|>", *(f"Ġ{word}" for word in WORDS))
    vocabulary = {piece: at for at, piece in enumerate(pieces)}
    tokenizer = transformers.GPT2Tokenizer(vocab=vocabulary, merges=[])
    vision = transformers.ViTConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        image_size=32,
        patch_size=8,
    )
    text = transformers.GPT2Config(
        vocab_size=len(vocabulary),
        n_embd=32,
        n_layer=1,
        n_head=4,
        n_positions=64,
        bos_token_id=0,
        eos_token_id=0,
        is_decoder=True,
        add_cross_attention=True,
    )
    config = transformers.VisionEncoderDecoderConfig.from_encoder_decoder_configs(vision, text)
    config.decoder_start_token_id = config.pad_token_id = config.eos_token_id = 0
    torch.manual_seed(1)
    model = transformers.VisionEncoderDecoderModel(config=config)
    model.generation_config.min_new_tokens = 2  # random weights may like the end best
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
