"""Writing a tagged audio file: a template sound with tags as MusicBrainz Picard and its kind lay them out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from os import PathLike, fspath
from typing import TYPE_CHECKING

from soulsync_engine.testing.audio.templates import TEMPLATES, AudioFormat, Template

if TYPE_CHECKING:
    from mutagen.apev2 import APEv2
    from mutagen.flac import Picture
    from mutagen.id3 import Frame

    from soulsync_engine.testing.audio.tags import Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class Mp3Style:
    """How the tags of an MP3 file are stored.

    `id3_version` is 4 (UTF-8, many values separated by NUL), 3 (UTF-16, many values joined by "/", genres too),
    or 1 for an ID3v1 block alone, at the end of the file; None writes no ID3 at all. `apev2` adds an APEv2 tag with
    the same values.
    """

    id3_version: int | None = 4
    apev2: bool = False


ID3V24 = Mp3Style()
ID3V23 = Mp3Style(id3_version=3)
ID3V1_ONLY = Mp3Style(id3_version=1)
APEV2_ONLY = Mp3Style(id3_version=None, apev2=True)


def write_audio(
    path: str | PathLike[str] | bytes,
    format: AudioFormat,
    tags: Tags | None = None,
    *,
    template: Template | None = None,
    mp3_style: Mp3Style = ID3V24,
) -> None:
    """Write a playable audio file at `path`, replacing what is there. Its folder must exist.

    `template` is another sound of that format than the usual one. `mp3_style` matters for MP3 only. Without `tags`
    the file has none. Raises `ModuleNotFoundError` without mutagen (extra `testing`), `OSError` when it cannot write.
    """
    sound = template or TEMPLATES[format]
    data = sound.data() if tags is None else _tagged(sound.data(), format, tags, mp3_style)
    with open(fspath(path), "wb") as file:
        file.write(data)


def _tagged(data: bytes, format: AudioFormat, tags: Tags, mp3_style: Mp3Style) -> bytes:
    file = BytesIO(data)
    match format:
        case AudioFormat.MP3:
            _write_mp3(file, tags, mp3_style)
        case AudioFormat.WAV | AudioFormat.AIFF:
            _write_id3_chunk(file, format, tags)
        case AudioFormat.FLAC | AudioFormat.OGG | AudioFormat.OPUS:
            _write_vorbis(file, format, tags)
        case AudioFormat.M4A:
            _write_mp4(file, tags)
        case AudioFormat.WMA:
            _write_asf(file, tags)
        case AudioFormat.AAC | AudioFormat.APE | AudioFormat.WV | AudioFormat.MPC:
            _write_ape(file, tags)
    return file.getvalue()


def _position(number: int | str | None, total: int | None) -> str | None:
    if number is None:
        return None
    return f"{number}/{total}" if total is not None else str(number)


def _id3_frames(tags: Tags, version: int) -> Iterable[Frame]:
    from mutagen import id3

    encoding = id3.Encoding.UTF8 if version == 4 else id3.Encoding.UTF16
    artists = (tags.artist_credit,) if tags.artist_credit else tags.artists
    album_artists = (tags.album_artist_credit,) if tags.album_artist_credit else tags.album_artists
    year = (str(tags.year),) if tags.year is not None else ()
    for frame, values in (
        (id3.TIT2, (tags.title,)),
        (id3.TPE1, artists),
        (id3.TALB, (tags.album,)),
        (id3.TPE2, album_artists),
        (id3.TRCK, (_position(tags.track, tags.track_total),)),
        (id3.TPOS, (_position(tags.disc, tags.disc_total),)),
        (id3.TDRC, year) if version == 4 else (id3.TYER, year),
        (id3.TCON, tags.genres),
        (id3.TCMP, ("1",) if tags.compilation else ()),
        (id3.TSRC, tags.isrcs),
    ):
        texts = [value for value in values if value is not None]
        if texts:
            yield frame(encoding=encoding, text=texts)
    for name, values in (
        ("ARTISTS", tags.artists if tags.artist_credit else ()),
        ("ALBUMARTISTS", tags.album_artists if tags.album_artist_credit else ()),
        ("MusicBrainz Release Track Id", (tags.track_id,)),
        ("MusicBrainz Album Id", (tags.release_id,)),
        ("MusicBrainz Release Group Id", (tags.release_group_id,)),
        ("MusicBrainz Artist Id", tags.artist_ids),
        ("MusicBrainz Album Artist Id", tags.album_artist_ids),
    ):
        texts = [value for value in values if value is not None]
        if texts:
            yield id3.TXXX(encoding=encoding, desc=name, text=texts)
    if tags.recording_id is not None:
        yield id3.UFID(owner="http://musicbrainz.org", data=tags.recording_id.encode("ascii"))
    if tags.cover is not None:
        yield id3.APIC(
            encoding=id3.Encoding.LATIN1,
            mime=tags.cover_mime,
            type=id3.PictureType.COVER_FRONT,
            desc="",
            data=tags.cover,
        )


def _write_mp3(file: BytesIO, tags: Tags, style: Mp3Style) -> None:
    from mutagen.apev2 import APEv2
    from mutagen.id3 import ID3

    if style.apev2:
        ape = APEv2()
        _fill_ape(ape, tags)
        file.seek(0)
        ape.save(file)
    if style.id3_version is None:
        return
    id3 = ID3()
    for frame in _id3_frames(tags, 3 if style.id3_version == 3 else 4):
        id3.add(frame)
    file.seek(0)
    if style.id3_version == 1:
        id3.save(file, v1=2)
        id3.delete(file, delete_v1=False)
    else:
        id3.save(file, v1=0, v2_version=style.id3_version, padding=_no_padding)


def _no_padding(_info: object) -> int:
    return 0


def _write_id3_chunk(file: BytesIO, format: AudioFormat, tags: Tags) -> None:
    from mutagen.aiff import AIFF
    from mutagen.wave import WAVE

    audio = WAVE(file) if format is AudioFormat.WAV else AIFF(file)
    audio.add_tags()
    for frame in _id3_frames(tags, 4):
        audio.tags.add(frame)
    file.seek(0)
    audio.save(file)


def _vorbis_fields(tags: Tags) -> dict[str, list[str]]:
    fields = {
        "TITLE": [tags.title],
        "ARTIST": [tags.artist_credit] if tags.artist_credit else tags.artists,
        "ARTISTS": tags.artists if tags.artist_credit else (),
        "ALBUM": [tags.album],
        "ALBUMARTIST": [tags.album_artist_credit] if tags.album_artist_credit else tags.album_artists,
        "ALBUMARTISTS": tags.album_artists if tags.album_artist_credit else (),
        "TRACKNUMBER": [tags.track],
        "TRACKTOTAL": [tags.track_total],
        "DISCNUMBER": [tags.disc],
        "DISCTOTAL": [tags.disc_total],
        "DATE": [tags.year],
        "GENRE": tags.genres,
        "COMPILATION": ["1"] if tags.compilation else (),
        "MUSICBRAINZ_TRACKID": [tags.recording_id],
        "MUSICBRAINZ_RELEASETRACKID": [tags.track_id],
        "MUSICBRAINZ_ALBUMID": [tags.release_id],
        "MUSICBRAINZ_RELEASEGROUPID": [tags.release_group_id],
        "MUSICBRAINZ_ARTISTID": tags.artist_ids,
        "MUSICBRAINZ_ALBUMARTISTID": tags.album_artist_ids,
        "ISRC": tags.isrcs,
    }
    texts = {name: [str(value) for value in values if value is not None] for name, values in fields.items()}
    return {name: values for name, values in texts.items() if values}


def _write_vorbis(file: BytesIO, format: AudioFormat, tags: Tags) -> None:
    from base64 import b64encode

    from mutagen.flac import FLAC
    from mutagen.oggopus import OggOpus
    from mutagen.oggvorbis import OggVorbis

    fields = _vorbis_fields(tags)
    picture = _picture(tags)
    if format is AudioFormat.FLAC:
        flac = FLAC(file)
        if flac.tags is None:
            flac.add_tags()
        flac.tags.update(fields)
        if picture is not None:
            flac.add_picture(picture)
        file.seek(0)
        flac.save(file, padding=_no_padding)
        return
    ogg = OggOpus(file) if format is AudioFormat.OPUS else OggVorbis(file)
    ogg.tags.clear()
    ogg.tags.update(fields)
    if picture is not None:
        ogg.tags["METADATA_BLOCK_PICTURE"] = [b64encode(picture.write()).decode("ascii")]
    file.seek(0)
    ogg.save(file, padding=_no_padding)


def _picture(tags: Tags) -> Picture | None:
    if tags.cover is None:
        return None
    from mutagen.flac import Picture
    from mutagen.id3 import PictureType

    picture = Picture()
    picture.type = PictureType.COVER_FRONT
    picture.mime = tags.cover_mime
    picture.data = tags.cover
    return picture


def _write_mp4(file: BytesIO, tags: Tags) -> None:
    from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

    audio = MP4(file)
    if audio.tags is None:
        audio.add_tags()
    atoms = audio.tags
    for atom, values in (
        ("\xa9nam", (tags.title,)),
        ("\xa9ART", (tags.artist_credit,) if tags.artist_credit else tags.artists),
        ("\xa9alb", (tags.album,)),
        ("aART", (tags.album_artist_credit,) if tags.album_artist_credit else tags.album_artists),
        ("\xa9day", (tags.year,)),
        ("\xa9gen", tags.genres),
    ):
        texts = [str(value) for value in values if value is not None]
        if texts:
            atoms[atom] = texts
    for atom, number, total in (
        ("trkn", tags.track, tags.track_total),
        ("disk", tags.disc, tags.disc_total),
    ):
        # The atom holds numbers only: what is no number cannot be said in this format.
        if isinstance(number, int):
            atoms[atom] = [(number, total or 0)]
    if tags.compilation:
        atoms["cpil"] = True
    for name, values in (
        ("ARTISTS", tags.artists if tags.artist_credit else ()),
        ("ALBUMARTISTS", tags.album_artists if tags.album_artist_credit else ()),
        ("MusicBrainz Track Id", (tags.recording_id,)),
        ("MusicBrainz Release Track Id", (tags.track_id,)),
        ("MusicBrainz Album Id", (tags.release_id,)),
        ("MusicBrainz Release Group Id", (tags.release_group_id,)),
        ("MusicBrainz Artist Id", tags.artist_ids),
        ("MusicBrainz Album Artist Id", tags.album_artist_ids),
        ("ISRC", tags.isrcs),
    ):
        free = [MP4FreeForm(value.encode()) for value in values if value is not None]
        if free:
            atoms[f"----:com.apple.iTunes:{name}"] = free
    if tags.cover is not None:
        kind = MP4Cover.FORMAT_PNG if tags.cover_mime == "image/png" else MP4Cover.FORMAT_JPEG
        atoms["covr"] = [MP4Cover(tags.cover, imageformat=kind)]
    file.seek(0)
    audio.save(file, padding=_no_padding)


def _fill_ape(ape: APEv2, tags: Tags) -> None:
    from mutagen.apev2 import BINARY, APEValue

    fields = _vorbis_fields(tags)
    for vorbis, name in (
        ("ALBUMARTIST", "Album Artist"),
        ("TRACKNUMBER", "Track"),
        ("DISCNUMBER", "Disc"),
        ("DATE", "Year"),
    ):
        if vorbis in fields:
            fields[name] = fields.pop(vorbis)
    for name, total in (("Track", fields.pop("TRACKTOTAL", None)), ("Disc", fields.pop("DISCTOTAL", None))):
        if total and name in fields:
            fields[name] = [f"{fields[name][0]}/{total[0]}"]
    for name, values in fields.items():
        ape[name] = values
    if tags.cover is not None:
        suffix = tags.cover_mime.rpartition("/")[2].replace("jpeg", "jpg")
        ape["Cover Art (Front)"] = APEValue(f"cover.{suffix}".encode() + b"\0" + tags.cover, BINARY)


def _write_ape(file: BytesIO, tags: Tags) -> None:
    from mutagen.apev2 import APEv2

    ape = APEv2()
    _fill_ape(ape, tags)
    ape.save(file)


def _write_asf(file: BytesIO, tags: Tags) -> None:
    from struct import pack

    from mutagen.asf import ASF, ASFBoolAttribute, ASFByteArrayAttribute

    audio = ASF(file)
    vorbis = _vorbis_fields(tags)
    for name, asf in (
        ("TITLE", "Title"),
        ("ARTIST", "Author"),
        ("ARTISTS", "WM/ARTISTS"),
        ("ALBUM", "WM/AlbumTitle"),
        ("ALBUMARTIST", "WM/AlbumArtist"),
        ("ALBUMARTISTS", "WM/ALBUMARTISTS"),
        ("TRACKNUMBER", "WM/TrackNumber"),
        ("DATE", "WM/Year"),
        ("GENRE", "WM/Genre"),
        ("MUSICBRAINZ_TRACKID", "MusicBrainz/Track Id"),
        ("MUSICBRAINZ_RELEASETRACKID", "MusicBrainz/Release Track Id"),
        ("MUSICBRAINZ_ALBUMID", "MusicBrainz/Album Id"),
        ("MUSICBRAINZ_RELEASEGROUPID", "MusicBrainz/Release Group Id"),
        ("MUSICBRAINZ_ARTISTID", "MusicBrainz/Artist Id"),
        ("MUSICBRAINZ_ALBUMARTISTID", "MusicBrainz/Album Artist Id"),
        ("ISRC", "WM/ISRC"),
    ):
        if name in vorbis:
            audio[asf] = vorbis[name]
    disc = _position(tags.disc, tags.disc_total)
    if disc is not None:
        audio["WM/PartOfSet"] = [disc]
    if tags.compilation:
        audio["WM/IsCompilation"] = [ASFBoolAttribute(True)]
    if tags.cover is not None:
        head = pack("<bi", 3, len(tags.cover)) + f"{tags.cover_mime}\0\0".encode("utf-16-le")
        audio["WM/Picture"] = [ASFByteArrayAttribute(data=head + tags.cover)]
    file.seek(0)
    audio.save(file)
