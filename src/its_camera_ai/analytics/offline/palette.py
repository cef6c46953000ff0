"""One colour per class, told apart also by the colour-blind (Okabe and Ito, 2008)."""

from its_camera_ai.core.detections import ObjectClass

CLASS_RGB = {
    ObjectClass.PERSON: (213, 94, 0),
    ObjectClass.BICYCLE: (0, 158, 115),
    ObjectClass.MOTORCYCLE: (204, 121, 167),
    ObjectClass.CAR: (0, 114, 178),
    ObjectClass.BUS: (230, 159, 0),
    ObjectClass.TRUCK: (86, 180, 233),
    ObjectClass.ANIMAL: (110, 80, 40),
    ObjectClass.OTHER: (110, 110, 110),
}


def class_rgb(class_id: int) -> tuple[int, int, int]:
    """Red, green, blue, 0–255."""
    return CLASS_RGB[ObjectClass(class_id)]


def class_hex(class_id: int) -> str:
    """
    >>> class_hex(3)
    '#0072b2'
    """
    return "#" + "".join(f"{v:02x}" for v in class_rgb(class_id))
