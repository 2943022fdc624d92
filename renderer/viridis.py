"""The viridis colours: matplotlib's table of 256 (S. van der Walt and N. Smith, CC0)."""

from __future__ import annotations

import torch

# 256 × (red, green, blue), each colour ×255 and truncated.
_TABLE_HEX = (
    "44015444025544035745055845065a45085b46095c460b5e460c5f460e61470f62471163471265471466"
    "47156747166947186a48196b481a6c481c6e481d6f481e70482071482172482273482374472575472676"
    "472777472878472a79472b7a472c7b462d7c462f7c46307d46317e45327f45347f453580453681443781"
    "443982433a83433b83433c84423d84423e854240854141864142864043874044873f45873f47883e4888"
    "3e49893d4a893d4b893d4c893c4d8a3c4e8a3b508a3b518a3a528b3a538b39548b39558b38568b38578c"
    "37588c37598c365a8c365b8c355c8c355d8c345e8d345f8d33608d33618d32628d32638d31648d31658d"
    "31668d30678d30688d2f698d2f6a8d2e6b8e2e6c8e2e6d8e2d6e8e2d6f8e2c708e2c718e2c728e2b738e"
    "2b748e2a758e2a768e2a778e29788e29798e287a8e287a8e287b8e277c8e277d8e277e8e267f8e26808e"
    "26818e25828e25838d24848d24858d24868d23878d23888d23898d22898d228a8d228b8d218c8d218d8c"
    "218e8c208f8c20908c20918c1f928c1f938b1f948b1f958b1f968b1e978a1e988a1e998a1e998a1e9a89"
    "1e9b891e9c891e9d881e9e881e9f881ea0871fa1871fa2861fa38620a48520a58521a68521a78422a784"
    "23a88323a98224aa8225ab8126ac8127ad8028ae7f29af7f2ab07e2bb17d2cb17d2eb27c2fb37b30b47a"
    "32b57a33b67935b77836b87738b97639b9763bba753dbb743ebc7340bd7242be7144be7045bf6f47c06e"
    "49c16d4bc26c4dc26b4fc36951c46853c56755c66657c66559c7645bc8625ec96160c96062ca5f64cb5d"
    "67cc5c69cc5b6bcd596dce5870ce5672cf5574d05477d05279d1517cd24f7ed24e81d34c83d34b86d449"
    "88d5478bd5468dd64490d64392d74195d73f97d83e9ad83c9dd93a9fd938a2da37a5da35a7db33aadb32"
    "addc30afdc2eb2dd2cb5dd2bb7dd29bade27bdde26bfdf24c2df22c5df21c7e01fcae01ecde01dcfe11c"
    "d2e11bd4e11ad7e219dae218dce218dfe318e1e318e4e318e7e419e9e419ece41aeee51bf1e51cf3e51e"
    "f6e61ff8e621fae622fde724"
)
NUM_STEPS = 1024


def viridis_table() -> torch.Tensor:
    """uint8 [1024, 3]: the 256 colours read at linspace(0, 1, 1024) without interpolation."""
    colors = torch.frombuffer(bytearray.fromhex(_TABLE_HEX), dtype=torch.uint8).reshape(256, 3)
    positions = torch.linspace(0, 1, NUM_STEPS, dtype=torch.float64)
    return colors[(positions * 256).long().clamp(max=255)]


def colored(level: torch.Tensor) -> torch.Tensor:
    """uint8 [H, W, 3]: the colours of levels [H, W] of 0…1; those that are no number are 0.

    `level` is overwritten.
    """
    level.nan_to_num_(nan=0.0).clamp_(0, 1).mul_(NUM_STEPS - 1).round_()
    # One gather of 32 bits a pixel: eight times as fast as one of three bytes.
    table = torch.zeros(NUM_STEPS, 4, dtype=torch.uint8)
    table[:, :3] = viridis_table()
    packed = table.view(torch.int32).squeeze(1).to(level.device)
    pixels = packed.index_select(0, level.int().flatten())
    return pixels.view(torch.uint8).view(*level.shape, 4)[..., :3]
