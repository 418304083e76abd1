from pydantic import BaseModel

from nested_lightning.settings.describing.reference import allowed_values


class Node(BaseModel):
    nodes: list["Node"] = []


class Tree(BaseModel):
    roots: list[Node] = []


def test_what_holds_its_like_has_a_type_as_any_value_has() -> None:
    assert allowed_values(Tree.model_fields["roots"]) == allowed_values(Node.model_fields["nodes"]) == "list"
