from mmsearch.models.fingerprint import folder_fingerprint


def test_follows_names_contents_and_rules(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    first = folder_fingerprint(tmp_path, 1)

    assert folder_fingerprint(tmp_path, 1) == first
    assert folder_fingerprint(tmp_path, 2) != first
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert folder_fingerprint(tmp_path, 1) != first


def test_reads_little_of_a_large_file(tmp_path):
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.truncate(1 << 36)  # 69 sparse gigabytes, which nobody could read through

    assert folder_fingerprint(tmp_path, 1)
